#include <iostream>

#include "client/command/json.h"
#include "client/command/verbs.h"
#include "coppice/client.h"

namespace coppice::command {

Result<Done> run(const Place& place, const CompactVerb& verb) {
  const Compaction done = Client::compact(place.replica);
  if (verb.form == Form::json) {
    std::cout << JsonObject()
                     .number("bytesBefore", done.bytes_before)
                     .number("bytesAfter", done.bytes_after)
                     .str()
              << '\n';
  } else if (place.chatter == Chatter::usual) {
    std::cout << "Compacted: " << done.bytes_before << " bytes before, " << done.bytes_after
              << " after.\n";
  }
  return Done{};
}

}  // namespace coppice::command

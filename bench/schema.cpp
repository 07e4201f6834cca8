// What a changed schema costs on a tree that is full already: nothing is rewritten, so it must not
// depend on the number of records.

#include <list>

#include <capnp/message.h>

#include "bench/site.h"
#include "coppice/protocol.capnp.h"
#include "schema/catalogue.h"

namespace coppice::bench {
namespace {

using Words = std::vector<std::uint64_t>;

// The items' schema with so many more fields than bench.capnp has.
Words with_fields_added(int count) {
  const auto schema = TreeOf<Item>::schema();
  capnp::MallocMessageBuilder message;
  message.setRoot(capnp::readMessageUnchecked<protocol::TreeSchema>(
      reinterpret_cast<const capnp::word*>(schema.data())));
  auto node = message.getRoot<protocol::TreeSchema>().getNodes()[0];
  const auto before = node.asReader().getStruct().getFields();
  capnp::MallocMessageBuilder more;
  auto fields = more.getRoot<capnp::AnyPointer>().initAs<capnp::List<capnp::schema::Field>>(
      before.size() + static_cast<unsigned>(count));
  for (unsigned i = 0; i < fields.size(); ++i) {
    fields.setWithCaveats(i, before[std::min(i, before.size() - 1)]);
    if (i < before.size()) continue;
    // Further texts, after the last one.
    fields[i].setName("added" + std::to_string(i));
    fields[i].setCodeOrder(static_cast<std::uint16_t>(i));
    fields[i].getOrdinal().setExplicit(static_cast<std::uint16_t>(i));
    fields[i].getSlot().setOffset(node.getStruct().getPointerCount());
    node.getStruct().setPointerCount(
        static_cast<std::uint16_t>(node.getStruct().getPointerCount() + 1));
  }
  node.getStruct().setFields(fields.asReader());
  return canonical_words(message.getRoot<protocol::TreeSchema>().asReader());
}

Client open_newer(const std::filesystem::path& folder, const Words& schema) {
  Client::Options options;
  options.name = "newer";
  options.user = "bench";
  options.application = "bench";
  options.trees = {{TreeOf<Item>::id, schema}};
  return Client::open(folder, std::move(options));
}

std::uint32_t version_at(const Client& client) {
  return client.snapshot().catalogue().find(TreeOf<Item>::id)->version();
}

void run(const Arguments& arguments) {
  const WorkFolder folder(arguments.folder);
  Site site(arguments, folder, "server");
  load(site, folder, arguments.records);
  Client other = open_replica(folder / "other", Durable::yes);
  site.connect(other);
  require_items(other, arguments.records);
  {
    Client same = open_replica(folder / "newer", Durable::yes);
    site.connect(same);
  }

  std::vector<double> plain, opened, adopted;
  for (int round = 1; round <= arguments.runs; ++round) {
    {
      Client same = open_replica(folder / "newer", Durable::yes);
      plain.push_back(1e3 * seconds_of([&] { site.connect(same); }));
    }
    const Words schema = with_fields_added(round);
    const std::uint32_t before = version_at(other);
    std::optional<Client> newer;
    opened.push_back(1e3 *
                     seconds_of([&] { newer.emplace(open_newer(folder / "newer", schema)); }));
    adopted.push_back(1e3 * seconds_of([&] {
                        newer->connect(site.url()).value();
                        site.wait_until("the other replica is told",
                                        [&] { return version_at(other) > before; });
                      }));
    site.answer("the newer replica is live", newer->synced());
  }
  print({.name = "connect, nothing is new", .value = median(plain), .unit = "ms"});
  print({.name = "open with a newer schema", .value = median(opened), .unit = "ms"});
  print({.name = "connect, until another replica has it",
         .value = median(adopted),
         .unit = "ms",
         .goal = Goal{Goal::Kind::at_most, 100}});
}

}  // namespace
}  // namespace coppice::bench

int main(int argc, char** argv) {
  return coppice::bench::run_benchmark(argc, argv,
                                       {.about = "Adopting a newer schema of a tree that is full.",
                                        .records = 1'000'000,
                                        .records_quick = 20'000,
                                        .runs = 5},
                                       coppice::bench::run);
}

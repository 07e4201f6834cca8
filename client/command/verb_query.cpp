#include <iostream>

#include "client/command/describe.h"
#include "client/command/find_tree.h"
#include "client/command/online.h"
#include "client/command/verbs.h"
#include "schema/catalogue.h"
#include "schema/query_text.h"

namespace coppice::command {
namespace {

// The refusal with the text below it, and a mark where it is wrong.
Error pointed_at(Error refusal, const std::string& text) {
  if (refusal.actual > 0 && text.find('\n') == std::string::npos)
    refusal.message += "\n  " + text + "\n  " + std::string(refusal.actual - 1, ' ') + "^";
  return refusal;
}

Result<AnyQuery> query_of(const QueryVerb& verb, const TreeInfo& tree, const Catalogue& catalogue) {
  auto query = parse_query(verb.text, tree.id(), catalogue);
  if (!query) return pointed_at(query.error(), verb.text);
  if (!verb.order.empty()) {
    const std::string text = "order by " + verb.order;
    const auto order = parse_query(text, tree.id(), catalogue);
    if (!order) return pointed_at(order.error(), text);
    query->order = order->order;
    if (verb.direction == Direction::descending) {
      for (Order& one : query->order) one.direction = Direction::descending;
    }
  }
  if (verb.limit) query->limit = verb.limit;
  if (verb.revisions) query->revisions = *verb.revisions;
  return query;
}

JsonObject to_json(const Explanation& explanation) {
  JsonObject json;
  json.text("what", explanation.what);
  if (explanation.count) json.number("count", *explanation.count);
  if (explanation.below.empty()) return json;
  JsonList below;
  for (const Explanation& one : explanation.below) below.raw(to_json(one).str());
  json.raw("below", below.str());
  return json;
}

Result<Done> print_count(const Snapshot& now, const AnyQuery& query, Form form) {
  const auto count = now.count(query);
  if (!count) return count.error();
  if (form == Form::json) {
    std::cout << JsonObject().number("count", *count).str() << '\n';
  } else {
    std::cout << *count << '\n';
  }
  return Done{};
}

Result<Done> print_explanation(const Snapshot& now, const AnyQuery& query, Form form) {
  const auto explanation = now.explain(query);
  if (!explanation) return explanation.error();
  if (form == Form::json) {
    std::cout << to_json(*explanation).str() << '\n';
  } else {
    std::cout << explanation->text();
  }
  return Done{};
}

Result<Done> print_records(const Snapshot& now, const TreeInfo& tree, const AnyQuery& query,
                           Form form) {
  auto answer = now.select(query);
  if (!answer) return answer.error();
  const char* before = "";
  if (form == Form::json) std::cout << '[';
  while (const auto record = answer->next()) {
    if (form == Form::json) {
      std::cout << before << json_in_list(now, tree, *record);
      before = ",\n ";
    } else {
      std::cout << line_in_list(now, tree, *record) << '\n';
    }
  }
  if (form == Form::json) std::cout << "]\n";
  return Done{};
}

}  // namespace

Result<Done> run(const Place& place, const QueryVerb& verb) {
  const Client client = open_to_read(place);
  const Snapshot now = client.snapshot();
  const auto tree = find_tree(now.catalogue(), verb.tree);
  if (!tree) return tree.error();
  const auto query = query_of(verb, **tree, now.catalogue());
  if (!query) return query.error();
  switch (verb.answer) {
    case QueryVerb::Answer::count:
      return print_count(now, *query, verb.form);
    case QueryVerb::Answer::explanation:
      return print_explanation(now, *query, verb.form);
    case QueryVerb::Answer::records:
      break;
  }
  return print_records(now, **tree, *query, verb.form);
}

}  // namespace coppice::command

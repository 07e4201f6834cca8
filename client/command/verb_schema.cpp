#include <iostream>

#include "client/command/describe.h"
#include "client/command/find_tree.h"
#include "client/command/known_trees.h"
#include "client/command/verbs.h"
#include "coppice/client.h"
#include "schema/schema_diff.h"
#include "schema/schema_text.h"

namespace coppice::command {
namespace {

std::string describe(const TreeInfo& version) {
  if (version.version() == 0) return "of a program here, unknown to the server";
  std::string text = "version " + std::to_string(version.version());
  if (version.generation() != 0) text += ", generation " + std::to_string(version.generation());
  if (const auto time_us = version.schema().getAdopted()) text += ", " + format_time(time_us);
  const std::string from = version.schema().getAdoptedFrom();
  return from.empty() ? text : text + ", from " + from;
}

// Number 0, what the server does not know yet, comes last.
std::vector<TreeInfoPtr> in_order(const TreeHistory& history) {
  std::vector<TreeInfoPtr> versions;
  for (const auto& [number, version] : history) {
    if (number != 0) versions.push_back(version->info());
  }
  if (const auto pending = history.find(0); pending != history.end()) {
    versions.push_back(pending->second->info());
  }
  return versions;
}

}  // namespace

Result<Done> run(const Place& place, const SchemaShowVerb& verb) {
  const auto catalogue = read_catalogue(place.replica);
  const auto newest = find_tree(*catalogue, verb.tree);
  if (!newest) return newest.error();
  const auto tree = verb.version ? catalogue->find((*newest)->id(), *verb.version) : *newest;
  if (!tree) {
    return error(Errc::unknown_tree, "There is no version " + std::to_string(*verb.version) +
                                         " of tree '" + verb.tree + "' here; `coppice schema " +
                                         "history " + verb.tree + "` tells which there are.");
  }
  std::cout << "# " << tree->name() << ", " << describe(*tree) << '\n' << schema_text(*tree);
  return Done{};
}

Result<Done> run(const Place& place, const SchemaHistoryVerb& verb) {
  const auto catalogue = read_catalogue(place.replica);
  const auto newest = find_tree(*catalogue, verb.tree);
  if (!newest) return newest.error();
  TreeInfoPtr before;
  for (const TreeInfoPtr& version : in_order(catalogue->history((*newest)->id()))) {
    std::cout << describe(*version) << '\n';
    if (before) {
      for (const auto& one : schema_diff(*before, *version)) {
        std::cout << "  " << one.sentence() << '\n';
      }
    }
    before = version;
  }
  return Done{};
}

}  // namespace coppice::command

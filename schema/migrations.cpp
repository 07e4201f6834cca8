#include "schema/migrations.h"

namespace coppice {
namespace {

Error unable(const TreeInfo& newest, AnyKey key, const std::string& why) {
  return error(Errc::invalid, format_key(newest.name(), key.word) + " cannot be migrated: " + why,
               key);
}

// Runs user code; what it throws, in words. Empty: nothing.
template <typename F>
std::string thrown_by(F&& run) {
  try {
    run();
    return {};
  } catch (const kj::Exception& e) {
    return e.getDescription().cStr();
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

Migrations::Migrations(std::vector<Migration> migrations) {
  for (Migration& migration : migrations) {
    const TreeId tree = migration.tree;
    migrations_.insert_or_assign(tree, std::move(migration));
  }
}

Result<std::vector<std::uint64_t>> Migrations::convert(const TreeInfo& from, const TreeInfo& newest,
                                                       AnyKey key,
                                                       std::span<const std::uint64_t> body) const {
  std::lock_guard lock(calling_);
  MigrationContext context(key, from.generation());
  std::vector<std::uint64_t> made;
  const std::string thrown = thrown_by([&] {
    auto old = capnp::readMessageUnchecked<capnp::AnyPointer>(
        reinterpret_cast<const capnp::word*>(body.data()));
    capnp::MallocMessageBuilder message;
    migrations_.at(key.tree).run(old.getAs<capnp::DynamicStruct>(from.dynamic()), message, context);
    made = canonical_words(message.getRoot<capnp::AnyStruct>().asReader());
  });
  if (!thrown.empty()) return unable(newest, key, thrown);
  if (!context.refusal().empty()) return unable(newest, key, context.refusal());
  std::vector<std::uint64_t> scratch;
  auto checked = newest.shape().check(std::as_bytes(std::span(made)), scratch);
  if (!checked) return unable(newest, key, checked.error().message);
  return made;
}

}  // namespace coppice

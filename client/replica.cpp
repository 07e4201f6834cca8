#include "client/replica.h"

#include <algorithm>
#include <cstring>

#include "client/check_replica.h"
#include "schema/compare_schemas.h"

namespace coppice::client {
namespace {

void store_big_endian(std::byte* to, std::uint64_t number) {
  number = __builtin_bswap64(number);
  std::memcpy(to, &number, sizeof number);
}
std::uint64_t load_big_endian(const std::byte* from) {
  std::uint64_t number;
  std::memcpy(&number, from, sizeof number);
  return __builtin_bswap64(number);
}

store::Environment::Options environment_options(const Client::Options& options) {
  store::Environment::Options environment;
  environment.wait_for_disk = options.wait_for_disk;
  if (options.access == Client::Access::read_only)
    environment.access = store::Environment::Access::read_only;
  return environment;
}

std::string random_uuid(const std::function<std::uint64_t()>& random) {
  std::string uuid(16, '\0');
  std::uint64_t words[2] = {random(), random()};
  std::memcpy(uuid.data(), words, sizeof words);
  // RFC 4122: version 4, variant 1.
  uuid[6] = static_cast<char>((uuid[6] & 0x0f) | 0x40);
  uuid[8] = static_cast<char>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

}  // namespace

PairKey::PairKey(TreeId tree, std::uint64_t word) {
  store_big_endian(bytes_.data(), tree.value);
  store_big_endian(bytes_.data() + 8, word);
}

AnyKey PairKey::parse(store::Bytes bytes) {
  if (bytes.size() != 16) throw CorruptionError("A key of the replica's own tables is damaged.");
  return AnyKey(TreeId{load_big_endian(bytes.data())}, KeyWord(load_big_endian(bytes.data() + 8)));
}

bool MigratedBodies::reads(TreeId tree) const {
  return replica_.reading()->reads_into_newest(tree);
}

std::vector<std::uint64_t> MigratedBodies::read(AnyKey key, const store::WrittenBody& body) const {
  auto made = replica_.reading()->convert(key, body.version, body.words);
  return made ? std::move(*made) : std::vector<std::uint64_t>{};
}

Replica::Replica(const std::filesystem::path& folder, const Client::Options& options,
                 const std::function<std::uint64_t()>& random, const store::RunLimits& runs)
    : database_(folder, store::Role::replica, environment_options(options)),
      migrations_(options.migrations) {
  using store::Layout;
  const bool writable = options.access == Client::Access::read_write;
  tables_.outbox = database_.table("outbox", Layout::integer_keys);
  tables_.awaiting = database_.table("awaiting", Layout::integer_keys);
  tables_.bases = database_.table("bases", Layout::byte_keys);
  tables_.borrows = database_.table("borrows", Layout::byte_keys);
  tables_.leases = database_.table("leases", Layout::byte_keys);
  tables_.drawer = database_.table("drawer", Layout::integer_keys);
  tables_.names = database_.table("names", Layout::integer_keys);
  tables_.intents = database_.environment().open_table("intents", Layout::integer_keys);
  if (writable) {
    database_.write([&](store::WriteTxn& txn) {
      const auto& meta = database_.meta();
      if (meta.text(txn, fact::kClientUuid).empty())
        meta.set_text(txn, fact::kClientUuid, random_uuid(random));
      if (meta.text(txn, fact::kApplication).empty()) {
        meta.set_text(txn, fact::kApplication,
                      options.application.empty() ? "coppice" : options.application);
      }
    });
  }
  {
    auto txn = database_.read();
    client_uuid_ = database_.meta().text(txn, fact::kClientUuid);
    application_ = database_.meta().text(txn, fact::kApplication);
    if (!options.application.empty() && options.application != application_) {
      throw RefusedError(
          error(Errc::foreign_application, "This replica belongs to application '" + application_ +
                                               "', and this program is '" + options.application +
                                               "'. Use another folder."));
    }
    client_number_ = static_cast<std::uint32_t>(database_.meta().number(txn, fact::kClientNumber));
    store::Cursor cursor(txn, tables_.leases);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      auto key = PairKey::parse(cursor.key());
      std::uint64_t range[2];
      if (cursor.value().size() != sizeof range)
        throw CorruptionError("A lease of the replica is damaged.");
      std::memcpy(range, cursor.value().data(), sizeof range);
      ids_.add(key.tree, {key.word.value, range[0], range[1]});
    }
  }
  const auto reading_now = [this] { return reading(); };
  if (options.origin == Client::Origin::elsewhere) {
    // A check asks what indexers there are: none yet.
    read_anew();
    indexers_ = std::make_unique<Indexers>(
        database_, reading_now, std::vector<std::shared_ptr<Indexer>>{}, options.access, nullptr);
    require_sound();
  }
  open_trees(options.trees, writable);
  using Kept = store::Indexes::Kept;
  indexes_.emplace(database_, writable ? Kept::all : Kept::none, &old_bodies_, runs);
  indexes_->work_to_the_end();
  indexers_ = std::make_unique<Indexers>(database_, reading_now, options.indexers, options.access,
                                         options.on_progress);
}

void Replica::require_sound() {
  CheckReport report(CheckReport::Side::replica);
  check_replica(*this, report);
  if (report.sound()) return;
  throw CorruptionError("The replica in " + database_.environment().folder().string() +
                        " is not what a replica is: " + report.findings().front().sentence() +
                        ". It was not used. `coppice check` tells everything that is wrong.");
}

void Replica::open_trees(const std::vector<TreeDefinition>& trees, bool writable) {
  for (const auto& definition : trees) {
    program_trees_.push_back(definition.id);
    auto parsed = TreeInfo::parse(definition.schema);
    if (!parsed) throw RefusedError(parsed.error());
    programs_[definition.id] = *parsed;
  }
  if (writable) drop_pending_of_others();
  for (const auto& [id, program] : programs_) open_tree(program, writable);
  read_anew();
}

void Replica::open_tree(const TreeInfoPtr& program, bool writable) {
  const auto catalogue = database_.catalogue();
  const auto stored = catalogue->find(program->id());
  if (!stored) {
    if (auto other = catalogue->find(program->name())) {
      throw RefusedError(error(
          Errc::incompatible_schema,
          "This replica has another tree named '" + other->name() + "'. Rename one of them."));
    }
    if (writable) database_.adopt(program);
    return;
  }
  const auto stands = standing(*catalogue, *program, migrations_.has(program->id()));
  if (!stands) throw RefusedError(stands.error());
  if (*stands != Standing::newer) return;
  // Also against what an earlier program wrote by and the authority has not seen.
  const auto change = compare_schemas(*catalogue->find(program->id(), 0), *program);
  if (!change) throw RefusedError(change.error());
  if (writable && *change == SchemaChange::newer) database_.adopt(program);
}

void Replica::drop_pending_of_others() {
  {
    auto txn = database_.read();
    if (txn.count(tables_.outbox) + txn.count(tables_.bases) > 0) return;
  }
  for (const TreeInfoPtr& pending : offers()) {
    const auto program = programs_.find(pending->id());
    const bool is_ours = program != programs_.end() && program->second->same_schema(*pending);
    const bool is_all = database_.catalogue()->find(pending->id())->version() == 0;
    if (!is_ours && !is_all) database_.drop_pending(pending->id());
  }
}

std::vector<TreeInfoPtr> Replica::offers() const {
  std::vector<TreeInfoPtr> offers;
  const auto catalogue = database_.catalogue();
  for (const auto& [id, tree] : catalogue->trees()) {
    if (catalogue->history(id).contains(0)) offers.push_back(catalogue->find(id, 0));
  }
  return offers;
}

std::uint32_t Replica::writes_by(TreeId id) {
  const auto catalogue = database_.catalogue();
  if (writes_by_of_ != catalogue) {
    writes_by_.clear();
    writes_by_of_ = catalogue;
  }
  auto [found, is_new] = writes_by_.try_emplace(id, 0);
  if (is_new) {
    // A tool that knows no types works by what the catalogue says.
    const auto program = programs_.find(id);
    found->second = program == programs_.end() ? catalogue->find(id)->version()
                                               : catalogue->version_known_to(*program->second);
  }
  return found->second;
}

std::optional<Error> Replica::too_old_to_write(TreeId id) const {
  const auto program = programs_.find(id);
  const auto tree = database_.catalogue()->find(id);
  if (program == programs_.end() || !tree) return std::nullopt;
  const std::uint32_t known = program->second->minimum_writer();
  if (known >= tree->minimum_writer()) return std::nullopt;
  Error old = error(Errc::needs_newer_client,
                    "Tree '" + tree->name() +
                        "' can only be read by this program, whose schema of it is older than "
                        "those that may write. Update the program.");
  old.expected = tree->minimum_writer();
  old.actual = known;
  return old;
}

namespace {

std::string unnumbered_fact(TreeId tree, const char* what) {
  return store::tree_table_name(tree) + ".unnumbered." + what;
}

}  // namespace

std::uint32_t Replica::version_in_request(const store::Txn& txn, std::uint64_t operation,
                                          TreeId tree, std::uint32_t version) const {
  if (version != 0 || database_.catalogue()->find(tree)->generation() == 0) return version;
  const auto& meta = database_.meta();
  if (operation > meta.number(txn, unnumbered_fact(tree, "last"))) return 0;
  return static_cast<std::uint32_t>(meta.number(txn, unnumbered_fact(tree, "version")));
}

void Replica::note_unnumbered(store::WriteTxn& txn, TreeId tree, std::uint64_t last,
                              std::uint32_t version) const {
  database_.meta().set_number(txn, unnumbered_fact(tree, "last"), last);
  database_.meta().set_number(txn, unnumbered_fact(tree, "version"), version);
}

Result<std::shared_ptr<const Reading>> Replica::reading_with(
    std::span<const TreeInfoPtr> versions) const {
  auto after = std::make_shared<Catalogue>(*database_.catalogue());
  for (const TreeInfoPtr& version : versions) after->put(version);
  for (const auto& [id, program] : programs_) {
    if (!after->find(id)) continue;
    const auto stands = standing(*after, *program, migrations_.has(id));
    if (!stands) return stands.error();
  }
  return std::make_shared<const Reading>(std::move(after), programs_, migrations_);
}

void Replica::adopt(std::span<const TreeInfoPtr> versions) {
  database_.adopt(versions);
  read_anew();
  for (const TreeInfoPtr& version : versions) {
    indexes_->follow(database_.catalogue()->find(version->id()));
  }
}

std::shared_ptr<const Reading> Replica::reading() const {
  std::lock_guard lock(trees_mutex_);
  return reading_;
}

void Replica::read_anew() {
  auto reading = std::make_shared<const Reading>(database_.catalogue(), programs_, migrations_);
  std::lock_guard lock(trees_mutex_);
  reading_ = std::move(reading);
}

const store::RecordTree* Replica::tree(TreeId id) const {
  std::lock_guard lock(trees_mutex_);
  auto& known = trees_[id];
  if (!known) {
    auto tree = database_.tree(id);
    if (!tree) return nullptr;
    known = std::make_unique<store::RecordTree>(*tree);
  }
  return known.get();
}

}  // namespace coppice::client

#include "examples/ldraw/importer.h"

#include <algorithm>
#include <type_traits>

namespace ldraw {
namespace {

// Each transaction waits once for the disk, so more records in one are faster, up to where a single
// request of some hundred kilobytes gets in the way of others.
constexpr std::size_t kRecordsPerTransaction = 1000;

class Importer {
 public:
  Importer(coppice::Client& client, const Library& library) : client_(client), library_(library) {}

  Imported run(const std::function<void(const TreeCount&)>& progress) {
    for (const TreeCount& tree : records_of(library_)) {
      create(tree.tree);
      done_.records += tree.records;
      progress(tree);
    }
    return std::move(done_);
  }

 private:
  void create(coppice::TreeId tree) {
    if (tree == coppice::TreeOf<Part>::id) return create_parts();
    if (tree == coppice::TreeOf<Placement>::id) return create_placements();
    if (tree == coppice::TreeOf<HistoryEntry>::id) return create_history();
    if (tree == coppice::TreeOf<Submodel>::id) return create_submodels();
    if (tree == coppice::TreeOf<Set>::id) return create_sets();
    create_set_placements();
  }

  // Children first: whatever a part refers to has its key by then.
  void create_parts() {
    done_.keys.parts.resize(library_.parts.size());
    in_transactions(creation_order(library_), [&](coppice::Transaction& t, PartIndex part) {
      done_.keys.parts[part] = t.create<Part>([&](Part::Builder body) {
        fill_part(body, library_, {part, 0}, done_.keys.parts);
      });
    });
  }

  void create_placements() {
    in_transactions(library_.placements, [&](coppice::Transaction& t, const auto& placement) {
      t.create<Placement>([&](Placement::Builder body) {
        coppice::refer(body.initParent(), done_.keys.parts[placement.parent]);
        coppice::refer(body.initPart(), done_.keys.parts[placement.part].floating());
        body.setLine(placement.line);
        body.setColour(placement.colour);
        fill_transform(body.initTransform(), placement.transform);
      });
    });
  }

  void create_history() {
    in_transactions(library_.history, [&](coppice::Transaction& t, const LibraryChange& change) {
      t.create<HistoryEntry>([&](HistoryEntry::Builder body) {
        coppice::refer(body.initPart(), done_.keys.parts[change.part].floating());
        body.setDate(change.date);
        body.setUser(as_text(change.user));
        body.setText(as_text(change.text));
      });
    });
  }

  void create_submodels() {
    in_transactions(library_.submodels, [&](coppice::Transaction& t, const auto& submodel) {
      done_.keys.submodels.push_back(t.create<Submodel>([&](Submodel::Builder body) {
        body.setName(as_text(submodel.name));
        body.setDescription(as_text(submodel.description));
        body.setAuthor(as_text(submodel.author));
      }));
    });
  }

  void create_sets() {
    in_transactions(library_.sets, [&](coppice::Transaction& t, const LibrarySet& set) {
      done_.keys.sets.push_back(t.create<Set>([&](Set::Builder body) {
        body.setFile(as_text(set.file));
        body.setTitle(as_text(set.title));
        body.setAuthor(as_text(set.author));
        body.setOrigin(as_text(set.origin));
        body.setTheme(as_text(set.theme));
        body.setLicence(as_text(set.licence));
        auto submodels = body.initSubmodels(static_cast<unsigned>(set.submodels.size()));
        for (unsigned i = 0; i < submodels.size(); ++i) {
          coppice::refer<Submodel>(submodels[i], done_.keys.submodels[set.submodels[i]]);
        }
      }));
    });
  }

  void create_set_placements() {
    in_transactions(library_.set_placements, [&](coppice::Transaction& t, const auto& placement) {
      t.create<SetPlacement>([&](SetPlacement::Builder body) { fill(body, placement); });
    });
  }

  void fill(SetPlacement::Builder body, const LibrarySetPlacement& placement) {
    coppice::refer(body.initSubmodel(), done_.keys.submodels[placement.parent]);
    body.setStep(placement.step);
    body.setLine(placement.line);
    body.setColour(placement.colour);
    fill_transform(body.initTransform(), placement.transform);
    if (placement.kind == LibrarySetPlacement::Kind::part) {
      coppice::refer(body.getChild().initPart(), done_.keys.parts[placement.child].floating());
    } else {
      coppice::refer(body.getChild().initSubmodel(), done_.keys.submodels[placement.child]);
    }
  }

  // Calls create_one for each item, some of them together in a transaction of their own.
  template <typename Items, typename F>
  void in_transactions(const Items& items, F&& create_one) {
    for (std::size_t begin = 0; begin < items.size(); begin += kRecordsPerTransaction) {
      const std::size_t end = std::min(begin + kRecordsPerTransaction, items.size());
      client_
          .write([&](coppice::Transaction& t) {
            for (std::size_t i = begin; i < end; ++i) create_one(t, items[i]);
          })
          .value();
      ++done_.transactions;
    }
  }

  coppice::Client& client_;
  const Library& library_;
  Imported done_;
};

template <typename T>
TreeCount count_of(std::size_t records) {
  return {coppice::TreeOf<T>::id, std::string(coppice::TreeOf<T>::name), records};
}

}  // namespace

// In an order in which everything comes after what it refers to.
std::vector<TreeCount> records_of(const Library& library) {
  return {count_of<Part>(library.parts.size()),
          count_of<Placement>(library.placements.size()),
          count_of<HistoryEntry>(library.history.size()),
          count_of<Submodel>(library.submodels.size()),
          count_of<Set>(library.sets.size()),
          count_of<SetPlacement>(library.set_placements.size())};
}

Imported import_library(coppice::Client& client, const Library& library,
                        const std::function<void(const TreeCount&)>& progress) {
  return Importer(client, library).run(progress);
}

}  // namespace ldraw

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/command/json_records.h"
#include "schema/tree_info.h"

namespace coppice::command {

// A file's bytes, in place. Standard input goes to a temporary file first, so that memory holds no
// more of it either.
class MappedText {
 public:
  // Errors: bad_request, if it can't be read.
  static Result<MappedText> of(const std::string& name);
  MappedText(MappedText&& other) noexcept;
  ~MappedText();

  std::string_view text() const { return {static_cast<const char*>(memory_), size_bytes_}; }

 private:
  MappedText(void* memory, std::size_t size_bytes) : memory_(memory), size_bytes_(size_bytes) {}
  static Result<MappedText> map(int file, const std::string& name);

  void* memory_ = nullptr;
  std::size_t size_bytes_ = 0;
};

// Bodies for new records of one tree in a file, and what is wrong with the rest of it.
//
// The file is gone through twice: once to judge all of it before the first record is written, and
// once by Bodies. Neither keeps bodies, so a file may be larger than memory.
class ImportFile {
 public:
  // `name` "-" is standard input. Errors: bad_request, if it can't be read at all.
  static Result<ImportFile> read(const std::string& name, TreeInfoPtr tree);

  // Records that can be imported.
  std::size_t count() const { return count_; }
  // "FILE:LINE: reason", in the order of lines.
  const std::vector<std::string>& problems() const { return problems_; }

  // Hands out the bodies of the records that can be imported, in order. The file outlives it.
  class Bodies {
   public:
    explicit Bodies(const ImportFile& file) : file_(file), records_(file.text_.text()) {}
    // Nothing at the end.
    std::optional<std::vector<std::uint64_t>> next();

   private:
    const ImportFile& file_;
    JsonRecords records_;
  };

 private:
  ImportFile(MappedText text, TreeInfoPtr tree) : text_(std::move(text)), tree_(std::move(tree)) {}
  void judge(const std::string& name);

  MappedText text_;
  TreeInfoPtr tree_;
  std::size_t count_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace coppice::command

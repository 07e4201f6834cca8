#include "client/command/import_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "client/command/json_records.h"
#include "schema/text_form.h"

namespace coppice::command {
namespace {

Error unreadable(const std::string& name) {
  return error(Errc::bad_request, "Cannot read '" + name + "': " + std::strerror(errno) + ".");
}

Result<std::string> all_of(std::FILE* file, const std::string& name) {
  std::string text;
  std::array<char, 1 << 16> part;
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), file)) {
    text.append(part.data(), count);
  }
  if (std::ferror(file)) return unreadable(name);
  return text;
}

Result<std::string> text_of(const std::string& name) {
  if (name == "-") return all_of(stdin, "standard input");
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(name.c_str(), "rb"), close);
  if (!file) return unreadable(name);
  return all_of(file.get(), name);
}

}  // namespace

Result<ImportFile> ImportFile::read(const std::string& name, const TreeInfo& tree) {
  const auto text = text_of(name);
  if (!text) return text.error();
  ImportFile file;
  file.take(name == "-" ? "standard input" : name, *text, tree);
  return file;
}

void ImportFile::take(const std::string& name, std::string_view text, const TreeInfo& tree) {
  const auto note = [&](std::size_t line, const std::string& reason) {
    problems_.push_back(name + ":" + std::to_string(line) + ": " + reason);
  };
  JsonRecords records(text);
  JsonRecord record;
  while (records.next(record)) {
    const auto body = body_from_json(tree, record.text);
    if (!body) {
      note(record.line, body.error().message);
      continue;
    }
    words_.insert(words_.end(), body->begin(), body->end());
    ends_.push_back(words_.size());
  }
  if (!records.problem().empty()) note(records.problem_line(), records.problem());
}

std::span<const std::uint64_t> ImportFile::body(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return std::span(words_).subspan(begin, ends_[index] - begin);
}

}  // namespace coppice::command

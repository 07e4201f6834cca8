#include "client/command/import_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "schema/text_form.h"

namespace coppice::command {
namespace {

Error unreadable(const std::string& name) {
  return error(Errc::bad_request, "Cannot read '" + name + "': " + std::strerror(errno) + ".");
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

// All of `from` in a file without a name. Null if that failed, with errno.
File spooled(std::FILE* from) {
  File to(std::tmpfile());
  std::array<char, 1 << 16> part;
  while (const std::size_t count = to ? std::fread(part.data(), 1, part.size(), from) : 0) {
    if (std::fwrite(part.data(), 1, count, to.get()) != count) return nullptr;
  }
  if (!to || std::ferror(from) || std::fflush(to.get()) != 0) return nullptr;
  return to;
}

}  // namespace

Result<MappedText> MappedText::of(const std::string& name) {
  if (name == "-") {
    const File file = spooled(stdin);
    if (!file) return unreadable("standard input");
    return map(::fileno(file.get()), "standard input");
  }
  File file(std::fopen(name.c_str(), "rb"));
  if (!file) return unreadable(name);
  struct stat status {};
  if (::fstat(::fileno(file.get()), &status) != 0) return unreadable(name);
  // A pipe has no bytes in place.
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) file = spooled(file.get());
  if (!file) return unreadable(name);
  return map(::fileno(file.get()), name);
}

Result<MappedText> MappedText::map(int file, const std::string& name) {
  struct stat status {};
  if (::fstat(file, &status) != 0) return unreadable(name);
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return unreadable(name);
  }
  const auto size_bytes = static_cast<std::size_t>(status.st_size);
  if (size_bytes == 0) return MappedText(nullptr, 0);
  void* memory = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) return unreadable(name);
  return MappedText(memory, size_bytes);
}

MappedText::MappedText(MappedText&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_bytes_(other.size_bytes_) {}

MappedText::~MappedText() {
  if (memory_) ::munmap(memory_, size_bytes_);
}

Result<ImportFile> ImportFile::read(const std::string& name, TreeInfoPtr tree) {
  auto text = MappedText::of(name);
  if (!text) return text.error();
  ImportFile file(std::move(*text), std::move(tree));
  file.judge(name == "-" ? "standard input" : name);
  return file;
}

void ImportFile::judge(const std::string& name) {
  const auto note = [&](std::size_t line, const std::string& reason) {
    problems_.push_back(name + ":" + std::to_string(line) + ": " + reason);
  };
  JsonRecords records(text_.text());
  JsonRecord record;
  while (records.next(record)) {
    const auto body = body_from_json(*tree_, record.text);
    if (body) {
      ++count_;
    } else {
      note(record.line, body.error().message);
    }
  }
  if (!records.problem().empty()) note(records.problem_line(), records.problem());
}

std::optional<std::vector<std::uint64_t>> ImportFile::Bodies::next() {
  JsonRecord record;
  while (records_.next(record)) {
    auto body = body_from_json(*file_.tree_, record.text);
    if (body) return std::move(*body);
  }
  return std::nullopt;
}

}  // namespace coppice::command

#include "examples/ldraw/line_reader.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <zstd.h>

namespace ldraw {
namespace {

// The library's tables are compressed with `--long=27`, which a reader has to allow: it takes 2^27
// bytes of memory.
constexpr int kWindowLogMax = 27;
// No line of any table comes near it; a file without line ends is no table.
constexpr std::size_t kLineBytesMax = 1 << 20;
constexpr std::size_t kReadBytes = 1 << 17;

std::string line_text(std::uint64_t number) { return "after line " + std::to_string(number); }

}  // namespace

class LineReader::Source {
 public:
  explicit Source(std::filesystem::path file)
      : file_(std::move(file)), in_(file_, std::ios::binary), input_(kReadBytes) {
    if (!in_ || std::filesystem::is_directory(file_)) fail("cannot be opened");
    if (file_.extension() != ".zst") return;
    zstd_.reset(ZSTD_createDStream());
    if (!zstd_) fail("there is no memory to decompress it");
    ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  std::optional<std::string_view> next() {
    std::size_t searched = begin_;
    for (;;) {
      const auto end = text_.find('\n', searched);
      if (end != std::string::npos) return take(end, end + 1);
      searched = text_.size() - begin_;
      text_.erase(0, begin_);
      begin_ = 0;
      if (text_.size() > kLineBytesMax) fail("has a line of more than a megabyte");
      if (!read_more()) break;
    }
    if (text_.empty()) return std::nullopt;
    return take(text_.size(), text_.size());
  }

  std::uint64_t number() const { return number_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  struct FreeStream {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  std::string_view take(std::size_t end, std::size_t next_begin) {
    const std::string_view line = std::string_view(text_).substr(begin_, end - begin_);
    begin_ = next_begin;
    ++number_;
    return line;
  }

  // Appends to text_. False at the end of the file.
  bool read_more() {
    if (!zstd_) {
      const std::size_t count = read_input();
      text_.append(input_.data(), count);
      return count > 0;
    }
    if (compressed_.pos == compressed_.size) {
      compressed_ = {input_.data(), read_input(), 0};
      if (compressed_.size == 0) {
        if (frame_is_open_) fail("ends in the middle of its compressed data");
        return false;
      }
    }
    decompress();
    return true;
  }

  void decompress() {
    const std::size_t old_size = text_.size();
    const std::size_t room = ZSTD_DStreamOutSize();
    text_.resize(old_size + room);
    ZSTD_outBuffer out{text_.data() + old_size, room, 0};
    const std::size_t left = ZSTD_decompressStream(zstd_.get(), &out, &compressed_);
    if (ZSTD_isError(left)) fail(std::string("is damaged: ") + ZSTD_getErrorName(left));
    frame_is_open_ = left != 0;
    text_.resize(old_size + out.pos);
  }

  std::size_t read_input() {
    in_.read(input_.data(), static_cast<std::streamsize>(input_.size()));
    if (in_.bad()) fail("cannot be read");
    return static_cast<std::size_t>(in_.gcount());
  }

  [[noreturn]] void fail(const std::string& what) const {
    const std::string place = number_ == 0 ? "" : " (" + line_text(number_) + ")";
    const std::string why =
        in_.is_open() || errno == 0 ? "" : std::string(": ") + std::strerror(errno);
    throw FileError(file_.string() + " " + what + place + why);
  }

  std::filesystem::path file_;
  std::ifstream in_;
  std::vector<char> input_;
  // Only for a compressed file. Bytes of input_ that were read and not yet decompressed.
  std::unique_ptr<ZSTD_DStream, FreeStream> zstd_;
  ZSTD_inBuffer compressed_{nullptr, 0, 0};
  bool frame_is_open_ = true;
  // Text from begin_ on was not handed out yet.
  std::string text_;
  std::size_t begin_ = 0;
  std::uint64_t number_ = 0;
};

LineReader::LineReader(std::filesystem::path file)
    : source_(std::make_unique<Source>(std::move(file))) {}
LineReader::~LineReader() = default;

std::optional<std::string_view> LineReader::next() { return source_->next(); }
std::uint64_t LineReader::number() const { return source_->number(); }
const std::filesystem::path& LineReader::file() const { return source_->file(); }

}  // namespace ldraw

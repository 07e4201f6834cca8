#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <unistd.h>
#include <zstd.h>

namespace ldraw {

// A temporary folder of files that a test writes; it goes away with this object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "coppice-test-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp failed: " + name);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  std::filesystem::path write_compressed(const std::string& name, const std::string& text) const {
    return write(name, compressed(text));
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // REQUIRES: the file has this text.
  void replace(const std::string& name, const std::string& text, const std::string& by) const {
    std::string all = read(name);
    const auto at = all.find(text);
    if (at == std::string::npos) throw std::runtime_error(name + " has no '" + text + "'");
    write(name, all.replace(at, text.size(), by));
  }

  // As `zstd --long=27` does it: a reader with the default settings refuses such a window.
  static std::string compressed(const std::string& text) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
    // A size that is known beforehand would shrink the window.
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    std::string result(ZSTD_compressBound(text.size()) + 64, '\0');
    ZSTD_outBuffer out{result.data(), result.size(), 0};
    ZSTD_inBuffer nothing{text.data(), 0, 0};
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    ZSTD_compressStream2(context, &out, &nothing, ZSTD_e_flush);
    ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    result.resize(out.pos);
    return result;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ldraw

#include "coppice/record.h"

#include <openssl/sha.h>

namespace coppice {

std::optional<RecordView> RecordView::parse(std::span<const std::byte> value) {
  if (value.size() < sizeof(RecordHeader) || value.size() % 8 != 0) return std::nullopt;
  RecordView view(value);
  const RecordHeader& header = view.header();
  std::size_t expected = sizeof(RecordHeader) + std::size_t{8} * header.body_words +
                         (header.released() ? kContentHashBytes : 0);
  bool consistent = value.size() == expected && header.removed() == (header.body_words == 0);
  if (!consistent || (header.released() && header.removed())) return std::nullopt;
  return view;
}

ContentHash RecordView::hash() const {
  ContentHash hash{};
  if (header().released())
    std::memcpy(hash.data(), value_.data() + value_.size() - hash.size(), hash.size());
  return hash;
}

ContentHash content_hash(std::span<const std::uint64_t> body) {
  ContentHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size_bytes(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

}  // namespace coppice

#include "coppice/record.h"

#include <openssl/sha.h>

namespace coppice {

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

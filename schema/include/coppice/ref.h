#pragma once

#include "coppice/key.h"
#include "coppice/tree.capnp.h"

namespace coppice {

// The key in a reference field, with the type of its tree: `key_of(part.getMaker())` is a
// Key<Company>.
template <typename Reader>
auto key_of(const Reader& ref) {
  return []<typename T>(const Reader& reader, std::type_identity<schema::Ref<T>>) {
    return Key<T>(KeyWord(reader.getKey()));
  }(ref, std::type_identity<typename Reader::Reads>{});
}

// Points a reference field at a record of its tree: `refer(part.initMaker(), company)`. A key of
// another tree does not compile.
template <typename T>
void refer(typename schema::Ref<T>::Builder ref, Key<T> key) {
  ref.setKey(key.word.value);
}

}  // namespace coppice

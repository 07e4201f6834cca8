#pragma once

namespace coppice {

// Which revisions of records a question is about. In a tree without revisions all are the same.
enum class Revisions {
  newest,    // of each record the newest, released or not
  released,  // of each record the newest that is released
  all,
};

}  // namespace coppice

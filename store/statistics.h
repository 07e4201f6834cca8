#pragma once

#include "coppice/statistics.h"
#include "store/database.h"

namespace coppice::store {

// Walks every record.
Statistics statistics_of(Database& database);

}  // namespace coppice::store

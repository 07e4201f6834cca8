// Written by capnpc-coppice from test.capnp. Do not edit it: change the schema.
// It declares no tree: no struct in it has the annotation $Coppice.tree.
#pragma once

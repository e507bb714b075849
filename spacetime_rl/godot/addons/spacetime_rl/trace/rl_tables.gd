class_name RLTables
extends RefCounted
## The tables of recorded episodes that stand beside their JSON, one after the other.

var bytes := PackedByteArray()


## What stands for a table in the JSON: its offset in `bytes` and its size.
func add(table: PackedByteArray) -> PackedInt64Array:
	bytes.append_array(table)
	return [bytes.size() - table.size(), table.size()]

class_name RLField
extends RefCounted
## A named slice of an observation vector, as the Python side and exported policies see it.

var name: String
## Floats.
var size: int
## Unit or scale of the numbers, for a reader; for example "m/5".
var unit: String
## Only in a list of entities: the name of each number of a row. The first one is `RLEntitySensor.PRESENT`.
var columns: PackedStringArray


func _init(field_name: String, field_size: int, field_unit: String = "", field_columns: PackedStringArray = []) -> void:
	name = field_name
	size = field_size
	unit = field_unit
	columns = field_columns

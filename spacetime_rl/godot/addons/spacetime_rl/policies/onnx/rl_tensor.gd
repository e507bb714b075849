class_name RLTensor
extends RefCounted
## An array of numbers with a shape: what flows between the operators of an ONNX model. Row-major, as in the file.
##
## Tensors are shared between operators and never changed after they were made.

enum Kind { FLOAT, INT, BOOL }

## No tensor has more elements than this, whatever a file asks for: 64 MiB of floats.
const MAX_ELEMENTS := 1 << 24

var kind := Kind.FLOAT
## Empty for a single number.
var shape := PackedInt32Array()
## The elements of a tensor of kind FLOAT.
var floats := PackedFloat32Array()
## The elements of a tensor of kind INT, or of kind BOOL as 0 and 1.
var ints := PackedInt64Array()


static func of_floats(to_shape: PackedInt32Array, values: PackedFloat32Array) -> RLTensor:
	var made := RLTensor.new()
	made.shape = to_shape
	made.floats = values
	return made


static func of_ints(to_shape: PackedInt32Array, values: PackedInt64Array, to_kind := Kind.INT) -> RLTensor:
	var made := RLTensor.new()
	made.kind = to_kind
	made.shape = to_shape
	made.ints = values
	return made


## The number of elements of a shape, or -1 if it has a negative size or more elements than `MAX_ELEMENTS`.
static func count_of(sizes: PackedInt32Array) -> int:
	var total := 1
	for size: int in sizes:
		if size < 0 or total * size > MAX_ELEMENTS:
			return -1
		total *= size
	return total


## The product of the sizes of the axes from `from` to before `to`.
static func product(sizes: PackedInt32Array, from: int, to: int) -> int:
	var result := 1
	for i: int in range(from, to):
		result *= sizes[i]
	return result


## Tensors of one kind, joined along an axis into one of `to_shape`.
static func joined(parts: Array[RLTensor], along: int, to_shape: PackedInt32Array) -> RLTensor:
	var made := RLTensor.new()
	made.kind = parts[0].kind
	made.shape = to_shape
	var rows := product(to_shape, 0, along)
	if RLNative.kernels != null and made.kind == Kind.FLOAT and rows > 0:
		var arguments: Array = [rows]
		for part: RLTensor in parts:
			arguments.append(part.floats)
		made.floats = RLNative.kernels.callv(&"join", arguments)
		return made
	for row: int in rows:
		for part: RLTensor in parts:
			var length := product(part.shape, along, to_shape.size())
			made.floats.append_array(part.floats.slice(row * length, (row + 1) * length))
			made.ints.append_array(part.ints.slice(row * length, (row + 1) * length))
	return made


## The number of elements.
func count() -> int:
	return floats.size() if kind == Kind.FLOAT else ints.size()


## The same elements in another shape.
func reshaped(to_shape: PackedInt32Array) -> RLTensor:
	return of_floats(to_shape, floats) if kind == Kind.FLOAT else of_ints(to_shape, ints, kind)


## The elements at these places, in another shape.
func picked(to_shape: PackedInt32Array, places: PackedInt32Array) -> RLTensor:
	if kind == Kind.FLOAT and RLNative.kernels != null:
		return of_floats(to_shape, RLNative.kernels.call(&"pick", floats, places, 1) as PackedFloat32Array)
	if kind == Kind.FLOAT:
		var found := PackedFloat32Array()
		found.resize(places.size())
		for i: int in places.size():
			found[i] = floats[places[i]]
		return of_floats(to_shape, found)
	var found_ints := PackedInt64Array()
	found_ints.resize(places.size())
	for i: int in places.size():
		found_ints[i] = ints[places[i]]
	return of_ints(to_shape, found_ints, kind)


## `length` elements from each of these places on, in another shape.
func picked_runs(to_shape: PackedInt32Array, places: PackedInt32Array, length: int) -> RLTensor:
	if places.size() == 1 and length == count():
		return reshaped(to_shape)
	if kind == Kind.FLOAT and RLNative.kernels != null:
		return of_floats(to_shape, RLNative.kernels.call(&"pick", floats, places, length) as PackedFloat32Array)
	var made := reshaped(to_shape)
	made.floats = PackedFloat32Array()
	made.ints = PackedInt64Array()
	for place: int in places:
		if kind == Kind.FLOAT:
			made.floats.append_array(floats.slice(place, place + length))
		else:
			made.ints.append_array(ints.slice(place, place + length))
	return made


## The first element as a float.
func number() -> float:
	return floats[0] if kind == Kind.FLOAT else float(ints[0])


## The elements as floats.
func as_floats() -> PackedFloat32Array:
	return floats if kind == Kind.FLOAT else PackedFloat32Array(Array(ints))


## The elements as floats that hold whole numbers up to 2^53 exactly.
func as_doubles() -> PackedFloat64Array:
	return PackedFloat64Array(Array(floats) if kind == Kind.FLOAT else Array(ints))


## The elements as whole numbers; the fraction of a float is cut off.
func as_ints() -> PackedInt64Array:
	return ints if kind != Kind.FLOAT else PackedInt64Array(Array(floats))


## An axis that may be counted from the end, counted from the beginning; -1 if there is no such axis.
func axis(index: int) -> int:
	var from_begin := index + shape.size() if index < 0 else index
	return from_begin if from_begin >= 0 and from_begin < maxi(shape.size(), 1) else -1

@warning_ignore_start("integer_division")
class_name RLProtobuf
extends RefCounted
## Reads one protobuf message, field by field, and never beyond its end: a file may come from anybody.
##
## `next` moves to the next field. A number is then in `value`, text, bytes and messages are between `from` and `to`.

const VARINT := 0
const FIXED_64 := 1
const BYTES := 2
const FIXED_32 := 5

const _MAX_VARINT_BYTES := 10

var field := 0
var wire := 0
var value := 0
var from := 0
var to := 0
## What is wrong with the message; shared with the messages inside of it.
var problems: Array[String] = []

var _bytes: PackedByteArray
var _at := 0
var _end := 0


func _init(all: PackedByteArray, begin: int, end: int, noted: Array[String]) -> void:
	_bytes = all
	_at = begin
	_end = end
	problems = noted


## Move to the next field. False at the end, and as soon as something is wrong.
func next() -> bool:
	if _at >= _end or not problems.is_empty():
		return false
	var key := _varint()
	field = key >> 3
	wire = key & 7
	match wire:
		VARINT:
			value = _varint()
		FIXED_64:
			_take(8)
		BYTES:
			_take(_varint())
		FIXED_32:
			_take(4)
		_:
			problems.append("byte %d has the unknown wire type %d" % [_at, wire])
	return problems.is_empty()


## The message that this field holds.
func inside() -> RLProtobuf:
	_expect(BYTES)
	return RLProtobuf.new(_bytes, from, to, problems)


func text() -> String:
	_expect(BYTES)
	var found := _bytes.slice(from, to).get_string_from_utf8()
	if found.strip_escapes() != found:
		problems.append("the text at byte %d has control characters" % from)
	return found


func bytes() -> PackedByteArray:
	_expect(BYTES)
	return _bytes.slice(from, to)


func float_value() -> float:
	_expect(FIXED_32)
	return _bytes.decode_float(from) if problems.is_empty() else 0.0


## Add this field's whole numbers to `into`: one, or a packed list.
func add_ints(into: PackedInt64Array) -> void:
	if wire == VARINT:
		into.append(value)
		return
	_expect(BYTES)
	var after := _at
	var end := _end
	_at = from
	_end = to
	while _at < _end and problems.is_empty():
		into.append(_varint())
	_at = after
	_end = end


## Add this field's floats to `into`: one, or a packed list.
func add_floats(into: PackedFloat32Array) -> void:
	if wire == FIXED_32:
		into.append(_bytes.decode_float(from))
	else:
		into.append_array(_whole(4).to_float32_array())


## Add this field's double floats to `into`: one, or a packed list.
func add_doubles(into: PackedFloat32Array) -> void:
	if wire == FIXED_64:
		into.append(_bytes.decode_double(from))
	else:
		into.append_array(PackedFloat32Array(Array(_whole(8).to_float64_array())))


func _whole(size: int) -> PackedByteArray:
	_expect(BYTES)
	if (to - from) % size != 0:
		problems.append("the list at byte %d does not consist of numbers of %d bytes" % [from, size])
	return _bytes.slice(from, to) if problems.is_empty() else PackedByteArray()


func _expect(type: int) -> void:
	if wire != type:
		problems.append("field %d before byte %d has wire type %d, expected %d" % [field, _at, wire, type])
		from = _at
		to = _at


func _take(size: int) -> void:
	if size < 0 or size > _end - _at:
		problems.append("field %d at byte %d is longer than what is left of its message" % [field, _at])
		return
	from = _at
	to = _at + size
	_at = to


func _varint() -> int:
	var result := 0
	for i: int in _MAX_VARINT_BYTES:
		if _at >= _end:
			problems.append("the file ends inside of a number, at byte %d" % _at)
			return 0
		var byte := _bytes[_at]
		_at += 1
		result |= (byte & 0x7f) << (7 * i)
		if byte < 0x80:
			return result
	problems.append("the number before byte %d is too long" % _at)
	return 0

class_name RLMessageFrame
## Messages with packed numbers: the length of a JSON text (u32, little-endian), the text, and then the arrays that its
## `arrays` lists, as float32. See docs/websocket.md.

const _LENGTH_BYTES := 4


## A binary frame. `arrays` have a row for each of `rows`; those of `flat` have one number for each.
static func pack(message: Dictionary, arrays: Dictionary, rows: int, flat: Dictionary) -> PackedByteArray:
	var listed: Array[Dictionary] = []
	var body := PackedByteArray()
	for key: String in arrays:
		var numbers: PackedFloat32Array = arrays[key]
		@warning_ignore("integer_division")
		var width := numbers.size() / maxi(rows, 1)
		listed.append({"name": key, "shape": [rows, width]})
		body.append_array(numbers.to_byte_array())
	for key: String in flat:
		var numbers: PackedFloat32Array = flat[key]
		listed.append({"name": key, "shape": [rows]})
		body.append_array(numbers.to_byte_array())
	message["arrays"] = listed
	var text := JSON.stringify(message).to_utf8_buffer()
	var frame := PackedByteArray()
	frame.resize(_LENGTH_BYTES)
	frame.encode_u32(0, text.size())
	frame.append_array(text)
	frame.append_array(body)
	return frame


## The message in a packet, its arrays as PackedFloat32Array, row by row; empty for what is no message.
static func unpack(packet: PackedByteArray, is_text: bool) -> Dictionary:
	if is_text:
		return _read(packet.get_string_from_utf8())
	if packet.size() < _LENGTH_BYTES or packet.decode_u32(0) > packet.size() - _LENGTH_BYTES:
		return {}
	var begin := _LENGTH_BYTES + packet.decode_u32(0)
	var message := _read(packet.slice(_LENGTH_BYTES, begin).get_string_from_utf8())
	var listed: Variant = message.get("arrays", [])
	if listed is not Array:
		return {}
	for array: Dictionary in listed:
		var bytes := 4
		for size: float in array["shape"]:
			bytes *= int(size)
		message[array["name"]] = packet.slice(begin, begin + bytes).to_float32_array()
		begin += bytes
	return message


static func _read(text: String) -> Dictionary:
	var json := JSON.new()
	if json.parse(text) != OK or json.data is not Dictionary:
		return {}
	return json.data

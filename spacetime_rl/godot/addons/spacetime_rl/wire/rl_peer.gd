class_name RLPeer
extends RefCounted
## The TCP connection to the Python side: JSON messages and binary frames, little endian, blocking both ways.
##
## JSON: `u32 length | utf-8`. Frame: `u32 length | u8 kind | body`, where length counts kind and body.

## Longest message accepted, bytes.
const MAX_LENGTH := 64 << 20

const _HOST := "127.0.0.1"
const _LENGTH_BYTES := 4
const _HEADER_BYTES := 5
const _NEVER := 1 << 62
const _CONNECT_ATTEMPTS := 20
const _CONNECT_PAUSE_MS := 50
# Looks for a message without a pause, then with one, and with a longer one while the other side takes its time.
const _LOOKS := 20
const _PAUSE_USEC := 100
const _MORE_LOOKS := 200
const _LONG_PAUSE_USEC := 1000

## Called over and over while a message is waited for; nobody is where it is not valid.
static var meanwhile := Callable()

## True once the other side is gone; nothing can be read or sent any more.
var closed := false
## What was wrong with the last message, "" when it was sound.
var problem := ""
## Body of the last frame read.
var body := PackedByteArray()

var _stream := StreamPeerTCP.new()


## Connect to the Python side. A stock client may still be about to listen, so a refusal is tried again for a second.
func open(port: int) -> bool:
	for attempt: int in _CONNECT_ATTEMPTS:
		if _stream.connect_to_host(_HOST, port) == OK and _connected():
			_stream.set_no_delay(true)
			return true
		_stream.disconnect_from_host()
		OS.delay_msec(_CONNECT_PAUSE_MS)
	closed = true
	return false


## Connect once, for at most so many milliseconds.
func open_within(host: String, port: int, msec: int) -> bool:
	closed = _stream.connect_to_host(host, port) != OK or not _connected(Time.get_ticks_msec() + msec)
	if not closed:
		_stream.set_no_delay(true)
	return not closed


## Whether something can be read, be it the end of the connection; without waiting.
func has_more() -> bool:
	_stream.poll()
	return _stream.get_status() != StreamPeerTCP.STATUS_CONNECTED or _stream.get_available_bytes() > 0


## Read one JSON object; empty when the other side closed or sent something else (see `problem`).
func read_json() -> Dictionary:
	problem = ""
	var text := _read(_length_in(_read(_LENGTH_BYTES))).get_string_from_utf8()
	if closed or problem != "":
		return {}
	var json := JSON.new()
	if json.parse(text) == OK and json.data is Dictionary:
		return json.data
	problem = "expected a JSON object, got: %s" % text.left(80)
	return {}


## Send one JSON object.
func send_json(message: Dictionary) -> void:
	var text := JSON.stringify(message).to_utf8_buffer()
	var data := PackedByteArray()
	data.resize(_LENGTH_BYTES)
	data.encode_u32(0, text.size())
	data.append_array(text)
	_send(data)


## Read one frame into `body` and return its kind; -1 when the other side closed or broke the rules (see `problem`).
func read_frame() -> int:
	problem = ""
	# Length and kind together: every read is a call to the system, in every decision.
	var header := _read(_HEADER_BYTES)
	var length := _length_in(header)
	if closed or problem != "":
		return -1
	if length < 1:
		problem = "a frame must have a kind, got length 0"
		return -1
	body = _read(length - 1) if length > 1 else PackedByteArray()
	return -1 if closed else header[4]


## Send one frame.
func send_frame(kind: int, content: PackedByteArray) -> void:
	var data := PackedByteArray()
	data.resize(_HEADER_BYTES)
	data.encode_u32(0, content.size() + 1)
	data[4] = kind
	data.append_array(content)
	_send(data)


## Close the connection.
func close() -> void:
	_stream.disconnect_from_host()
	closed = true


func _connected(until_msec: int = _NEVER) -> bool:
	while _stream.get_status() == StreamPeerTCP.STATUS_CONNECTING and Time.get_ticks_msec() < until_msec:
		OS.delay_usec(100)
		_stream.poll()
	return _stream.get_status() == StreamPeerTCP.STATUS_CONNECTED


func _length_in(header: PackedByteArray) -> int:
	var length := 0 if closed else header.decode_u32(0)
	if length > MAX_LENGTH:
		problem = "a message of %d bytes is over the limit of %d" % [length, MAX_LENGTH]
	return length


func _read(count: int) -> PackedByteArray:
	if closed or problem != "":
		return PackedByteArray()
	if meanwhile.is_valid():
		_wait()
	var result := _stream.get_data(count)
	closed = result[0] != OK
	var data: PackedByteArray = result[1]
	return data


func _wait() -> void:
	var looks := 0
	while _stream.get_available_bytes() == 0:
		_stream.poll()
		if _stream.get_status() != StreamPeerTCP.STATUS_CONNECTED:
			return
		meanwhile.call()
		looks += 1
		if looks > _LOOKS:
			OS.delay_usec(_PAUSE_USEC if looks < _MORE_LOOKS else _LONG_PAUSE_USEC)


func _send(data: PackedByteArray) -> void:
	if not closed and _stream.put_data(data) != OK:
		closed = true

class_name RLHttpRequest
extends RefCounted
## One request of a client, read from the bytes that have arrived.

## Longest request line and headers, bytes.
const MAX_HEAD := 8192
## Longest body, bytes.
const MAX_BODY := 65536

const _CR := 13
const _LF := 10
const _TAB := 9

var method := "-"
var path := "-"
## Names in lower case.
var headers: Dictionary[String, String] = {}
## The JSON object that was sent; empty without a body.
var body := {}
## Whether there was a body.
var has_body := false
var keeps_open := true
## The answer to a request that cannot be understood; null otherwise. The connection is closed after it.
var problem: RLHttpReply
## Bytes of the request.
var size := 0
## The client waits for `100 Continue` before it sends its body.
var awaits_continue := false

var _length := 0


## The first request in these bytes; null while more of it has to come. `awaiting` is set where the client waits.
static func read(bytes: PackedByteArray) -> RLHttpRequest:
	var end := _end_of_head(bytes)
	if end < 0:
		if bytes.size() < MAX_HEAD:
			return null
		return RLHttpRequest.new()._fails(431, "the request line and headers take more than %d bytes" % MAX_HEAD)
	var request := RLHttpRequest.new()
	if end > MAX_HEAD:
		return request._fails(431, "the request line and headers take more than %d bytes" % MAX_HEAD)
	request._read_head(bytes.slice(0, end))
	if request.problem != null:
		return request
	var begin := end + 4
	if bytes.size() < begin + request._length:
		return request if request.awaits_continue and bytes.size() == begin else null
	request.awaits_continue = false
	request.size = begin + request._length
	if request._length > 0:
		request._read_body(bytes.slice(begin, request.size))
	return request


## The machine that the client meant, with its port.
func host() -> String:
	return headers.get("host", "")


## The token that the client sent.
func bearer() -> String:
	var given: String = headers.get("authorization", "")
	return given.substr(7) if given.left(7).to_lower() == "bearer " else ""


static func _end_of_head(bytes: PackedByteArray) -> int:
	var at := bytes.find(_CR)
	while at >= 0 and at + 3 < bytes.size() and at <= MAX_HEAD:
		if bytes[at + 1] == _LF and bytes[at + 2] == _CR and bytes[at + 3] == _LF:
			return at
		at = bytes.find(_CR, at + 1)
	return -1


func _read_head(head: PackedByteArray) -> void:
	for byte: int in head:
		if byte > 126 or byte < 32 and byte != _CR and byte != _LF and byte != _TAB:
			_fails(400, "the request line and headers must be printable ASCII")
			return
	var lines := head.get_string_from_ascii().split("\r\n")
	var first := lines[0].split(" ")
	if first.size() != 3 or first[0] == "" or not first[1].begins_with("/") or not first[2].begins_with("HTTP/"):
		_fails(400, "expected a request line such as 'GET /health HTTP/1.1'")
		return
	method = first[0].left(16)
	path = first[1].get_slice("?", 0)
	if first[2] not in ["HTTP/1.1", "HTTP/1.0"]:
		_fails(505, "expected HTTP/1.1")
		return
	for line: String in lines.slice(1):
		var colon := line.find(":")
		if colon < 1 or line.left(colon).strip_edges() != line.left(colon):
			_fails(400, "expected headers such as 'Host: 127.0.0.1'")
			return
		var name := line.left(colon).to_lower()
		if headers.has(name) and name in ["content-length", "host", "authorization"]:
			_fails(400, "the header %s is given twice" % name)
			return
		headers[name] = line.substr(colon + 1).strip_edges()
	var connection: String = headers.get("connection", "")
	keeps_open = connection.to_lower() != "close" if first[2] == "HTTP/1.1" else connection.to_lower() == "keep-alive"
	if first[2] == "HTTP/1.1" and not headers.has("host"):
		_fails(400, "a request of HTTP/1.1 needs the header Host")
		return
	_read_length()


func _read_length() -> void:
	if headers.has("transfer-encoding"):
		_fails(501, "send the body with Content-Length, not with Transfer-Encoding")
		return
	if not headers.has("content-length"):
		return
	var given := headers["content-length"]
	var digits := given.length() > 0 and given.length() < 10
	for character: String in given:
		digits = digits and character >= "0" and character <= "9"
	if not digits and given.length() < 10:
		_fails(400, "Content-Length must be a whole number")
		return
	_length = given.to_int() if digits else MAX_BODY + 1
	if _length > MAX_BODY:
		_fails(413, "a body may have %d bytes" % MAX_BODY)
	else:
		awaits_continue = str(headers.get("expect", "")).to_lower() == "100-continue"


func _read_body(bytes: PackedByteArray) -> void:
	has_body = true
	if not is_utf8(bytes):
		_fails(400, "the body is not UTF-8")
		return
	var text := bytes.get_string_from_utf8()
	var json := JSON.new()
	# The engine ends a string at a NUL, and complains.
	if "\\u0000" in text or json.parse(text) != OK:
		_fails(400, "the body is not JSON")
	elif json.data is not Dictionary:
		_fails(400, "the body must be a JSON object")
	else:
		body = json.data


func _fails(status: int, message: String) -> RLHttpRequest:
	problem = RLHttpReply.error(status, message)
	keeps_open = false
	return self


## Whether bytes are UTF-8 without NUL; the engine would read them otherwise, but with an error, which ends a training.
static func is_utf8(bytes: PackedByteArray) -> bool:
	var follow := 0
	var code := 0
	var least := 0
	for byte: int in bytes:
		if follow > 0:
			if byte & 0xC0 != 0x80:
				return false
			code = code << 6 | byte & 0x3F
			follow -= 1
			if follow == 0 and (code < least or code > 0x10FFFF or code >= 0xD800 and code <= 0xDFFF):
				return false
		elif byte >= 0x80:
			if byte & 0xE0 == 0xC0:
				follow = 1
				least = 0x80
				code = byte & 0x1F
			elif byte & 0xF0 == 0xE0:
				follow = 2
				least = 0x800
				code = byte & 0x0F
			elif byte & 0xF8 == 0xF0:
				follow = 3
				least = 0x10000
				code = byte & 0x07
			else:
				return false
		elif byte == 0:
			return false
	return follow == 0

class_name RLHttpReply
extends RefCounted
## An answer: a status and a JSON object.

const _REASONS: Dictionary[int, String] = {
	200: "OK",
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	408: "Request Timeout",
	409: "Conflict",
	411: "Length Required",
	413: "Payload Too Large",
	431: "Request Header Fields Too Large",
	500: "Internal Server Error",
	501: "Not Implemented",
	503: "Service Unavailable",
	505: "HTTP Version Not Supported",
}

var status := 200
var body := {}
## Further header lines.
var headers: PackedStringArray = []


func _init(with_body: Dictionary, with_status: int = 200) -> void:
	body = with_body
	status = with_status


## A refusal, in one sentence.
static func error(with_status: int, message: String) -> RLHttpReply:
	return RLHttpReply.new({"status": "error", "error": message}, with_status)


## A refusal for want of the token.
static func unauthorized(message: String) -> RLHttpReply:
	var reply := error(401, message)
	reply.headers.append("WWW-Authenticate: Bearer")
	return reply


## The bytes of the answer.
func to_bytes(keeps_open: bool) -> PackedByteArray:
	var text := JSON.stringify(plain(body)).to_utf8_buffer()
	var lines: PackedStringArray = [
		"HTTP/1.1 %d %s" % [status, _REASONS[status]],
		"Content-Type: application/json",
		"Content-Length: %d" % text.size(),
		"Cache-Control: no-store",
		"Connection: %s" % ("keep-alive" if keeps_open else "close"),
	]
	lines.append_array(headers)
	var bytes := ("\r\n".join(lines) + "\r\n\r\n").to_utf8_buffer()
	bytes.append_array(text)
	return bytes


## A value as JSON has it: vectors and packed arrays become lists, and what is no finite number becomes null.
static func plain(value: Variant) -> Variant:
	match typeof(value):
		TYPE_FLOAT:
			return value if is_finite(value as float) else null
		TYPE_NIL, TYPE_BOOL, TYPE_INT, TYPE_STRING:
			return value
		TYPE_STRING_NAME, TYPE_NODE_PATH:
			return str(value)
		TYPE_DICTIONARY:
			var result := {}
			for key: Variant in value as Dictionary:
				result[str(key)] = plain((value as Dictionary)[key])
			return result
		TYPE_VECTOR2:
			var v: Vector2 = value
			return plain([v.x, v.y])
		TYPE_VECTOR3:
			var v: Vector3 = value
			return plain([v.x, v.y, v.z])
		TYPE_QUATERNION:
			var q: Quaternion = value
			return plain([q.x, q.y, q.z, q.w])
	if value is Array or typeof(value) >= TYPE_PACKED_BYTE_ARRAY:
		var list: Array = []
		for element: Variant in value:
			list.append(plain(element))
		return list
	return str(value)

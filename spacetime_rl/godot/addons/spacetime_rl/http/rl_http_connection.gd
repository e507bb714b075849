class_name RLHttpConnection
extends RefCounted
## One client: what it has sent and not yet had answered, and what it has not yet read. Nothing here waits.

# From a request's first byte to its last, or to the first request.
const _REQUEST_MS := 10_000
# Between two requests.
const _IDLE_MS := 30_000
# Until an answer has been read.
const _READ_MS := 10_000
# After a refusal, until the client has closed. Closing at once would reset the connection while the client still sends,
# and the client lose the answer.
const _LINGER_MS := 1_000
const _REQUESTS_A_POLL := 16
const _CONTINUE := "HTTP/1.1 100 Continue\r\n\r\n"

var is_open := true
## Where the client is.
var address := ""

var _stream: StreamPeerTCP
var _incoming := PackedByteArray()
var _outgoing := PackedByteArray()
var _next: RLHttpRequest
var _closes := false
var _lingers := false
var _since_ms := Time.get_ticks_msec()
var _patience_ms := _REQUEST_MS
var _left := 0
var _continued := false


func _init(stream: StreamPeerTCP) -> void:
	_stream = stream
	address = stream.get_connected_host()


## Read what has come, write what is left, and close a connection that takes too long.
func poll() -> void:
	if not is_open:
		return
	_left = _REQUESTS_A_POLL
	_stream.poll()
	if _stream.get_status() != StreamPeerTCP.STATUS_CONNECTED:
		is_open = false
		return
	_write()
	_read()
	if is_open and Time.get_ticks_msec() - _since_ms > _patience_ms:
		if _outgoing.is_empty() and not _incoming.is_empty():
			refuse(RLHttpReply.error(408, "the request was not complete within %d s" % (_REQUEST_MS / 1000.0)))
		else:
			close()


## Whether a request is complete, and the client has read enough of the earlier answers.
func has_request() -> bool:
	if not is_open or _closes or _left == 0 or not _outgoing.is_empty() or _incoming.is_empty():
		return false
	if _next == null:
		_next = RLHttpRequest.read(_incoming)
	if _next != null and _next.awaits_continue:
		if not _continued:
			_continued = true
			_send_bytes(_CONTINUE.to_ascii_buffer())
		_next = null
	return _next != null


## The request; only where there is one.
func take_request() -> RLHttpRequest:
	var request := _next
	_next = null
	_left -= 1
	_continued = false
	_incoming = _incoming.slice(request.size)
	_wait(_IDLE_MS if _incoming.is_empty() else _REQUEST_MS)
	return request


## Answer, and close unless the client may go on.
func send(reply: RLHttpReply, keeps_open: bool) -> void:
	_closes = not keeps_open
	if _closes:
		_lingers = _lingers or not _incoming.is_empty()
		_incoming.clear()
	_send_bytes(reply.to_bytes(keeps_open))


## Answer before there was a request, and close.
func refuse(reply: RLHttpReply) -> void:
	_lingers = true
	send(reply, false)


func close() -> void:
	is_open = false
	_stream.disconnect_from_host()


func _read() -> void:
	# A client with an answer to read has to wait: it cannot fill the memory.
	var room := RLHttpRequest.MAX_HEAD + 4 + RLHttpRequest.MAX_BODY - _incoming.size()
	var arrived := mini(_stream.get_available_bytes(), room)
	if not is_open or arrived <= 0 or not _outgoing.is_empty():
		return
	if _incoming.is_empty() and not _closes:
		_wait(_REQUEST_MS)
	var result := _stream.get_partial_data(arrived)
	if result[0] != OK:
		close()
	elif not _closes:
		_incoming.append_array(result[1] as PackedByteArray)


func _send_bytes(bytes: PackedByteArray) -> void:
	_outgoing.append_array(bytes)
	_write()
	if not _outgoing.is_empty():
		_wait(_READ_MS)


func _write() -> void:
	if _outgoing.is_empty():
		return
	var result := _stream.put_partial_data(_outgoing)
	if result[0] != OK:
		close()
		return
	_outgoing = _outgoing.slice(result[1] as int)
	if _outgoing.is_empty() and _closes:
		if _lingers:
			_wait(_LINGER_MS)
		else:
			close()


func _wait(patience_ms: int) -> void:
	_since_ms = Time.get_ticks_msec()
	_patience_ms = patience_ms

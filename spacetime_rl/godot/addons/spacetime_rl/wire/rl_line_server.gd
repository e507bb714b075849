class_name RLLineServer
extends RefCounted
## A TCP server for one client at a time, which sends and receives lines of text. Others that connect are sent away.

## Longest line of a client, bytes.
const MAX_LINE := 1 << 20

# To write an answer: a client that reads nothing is given up then.
const _SEND_MSEC := 10_000
# How long a client that was sent away may read its last line: closing at once would reset it while it sends.
const _LEAVE_MSEC := 1_000
const _MOST_LEAVING := 64
const _CHUNK := 65_536
const _NEWLINE := 10

## Clients that were taken so far.
var clients := 0
## Why the last one that went is gone, in words.
var why_gone := ""

var _listener := TCPServer.new()
var _client: StreamPeerTCP
# Connections that were sent away, and when each is closed.
var _leaving: Dictionary[StreamPeerTCP, int] = {}
var _received := PackedByteArray()
# Where in `_received` the next line begins, and up to where no end of it was found.
var _begin := 0
var _searched := 0


## Listen on this address. An error where the port is in use or the address is not this machine's.
func open(address: String, port: int) -> Error:
	return _listener.listen(port, address)


func has_client() -> bool:
	return _client != null


## Look for clients and bytes, without waiting. Others that connect while there is a client get the line `busy`.
func poll(busy: String) -> void:
	_see_off()
	if _client != null:
		_client.poll()
		_receive()
	while _listener.is_connection_available():
		var stream := _listener.take_connection()
		stream.set_no_delay(true)
		if _client == null:
			_client = stream
			clients += 1
			_forget()
		else:
			stream.put_partial_data((busy + "\n").to_utf8_buffer())
			_send_away(stream)


## The next whole line, without its end; null while there is none.
func take_line() -> Variant:
	var end := _received.find(_NEWLINE, _searched)
	if end < 0:
		_searched = _received.size()
		return null
	var line := _received.slice(_begin, end)
	_begin = end + 1
	_searched = _begin
	if _begin > _CHUNK:
		_received = _received.slice(_begin)
		_begin = 0
		_searched = 0
	return line


## Whether the client has sent more than a line may have, without its end.
func is_flooded() -> bool:
	return _received.size() - _begin > MAX_LINE and _received.find(_NEWLINE, _searched) < 0


## Send a line. A client that takes nothing for ten seconds is gone.
func send_line(text: String) -> void:
	var data := (text + "\n").to_utf8_buffer()
	var until_msec := Time.get_ticks_msec() + _SEND_MSEC
	while _client != null and not data.is_empty():
		var sent := _client.put_partial_data(data)
		var count: int = sent[1]
		if sent[0] != OK:
			drop("it closed the connection")
		elif count > 0:
			data = data.slice(count)
		elif Time.get_ticks_msec() > until_msec:
			drop("it did not read its answers")
		else:
			OS.delay_usec(200)
			_client.poll()


## Close the client's connection.
func drop(why: String) -> void:
	if _client != null and _client.get_status() == StreamPeerTCP.STATUS_CONNECTED and _client.get_available_bytes() > 0:
		_send_away(_client)
	elif _client != null:
		_client.disconnect_from_host()
	_client = null
	why_gone = why
	_forget()


## Close everything.
func close() -> void:
	drop("the game ends")
	for stream: StreamPeerTCP in _leaving:
		stream.disconnect_from_host()
	_leaving.clear()
	_listener.stop()


func _send_away(stream: StreamPeerTCP) -> void:
	if _leaving.size() >= _MOST_LEAVING:
		stream.disconnect_from_host()
	else:
		_leaving[stream] = Time.get_ticks_msec() + _LEAVE_MSEC


func _see_off() -> void:
	for stream: StreamPeerTCP in _leaving.keys():
		stream.poll()
		var is_open := stream.get_status() == StreamPeerTCP.STATUS_CONNECTED
		var unread := stream.get_available_bytes() if is_open else 0
		if unread > 0:
			stream.get_partial_data(mini(unread, _CHUNK))
		if not is_open or Time.get_ticks_msec() > _leaving[stream]:
			stream.disconnect_from_host()
			_leaving.erase(stream)


func _receive() -> void:
	# The engine reports an error, which ends a training, where bytes of a closed stream are counted.
	while _client.get_status() == StreamPeerTCP.STATUS_CONNECTED and _received.size() - _begin <= MAX_LINE:
		var available := _client.get_available_bytes()
		if available <= 0:
			break
		var got := _client.get_partial_data(mini(available, _CHUNK))
		if got[0] != OK:
			break
		var data: PackedByteArray = got[1]
		_received.append_array(data)
	# Bytes that came before the end are still read.
	if _client.get_status() != StreamPeerTCP.STATUS_CONNECTED and _received.find(_NEWLINE, _begin) < 0:
		drop("it closed the connection")


func _forget() -> void:
	_received.clear()
	_begin = 0
	_searched = 0

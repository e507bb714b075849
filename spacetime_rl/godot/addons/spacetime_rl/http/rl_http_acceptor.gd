class_name RLHttpAcceptor
extends RefCounted
## Accepts connections in a thread of its own, because the engine keeps no more than eight waiting: of two hundred that
## come within one frame, the system would drop most, and their clients would try again after seconds.

const _PAUSE_USEC := 300
# Connections come in bursts: for a moment after one, it looks for the next ones more often.
const _EAGER_PAUSE_USEC := 20
const _EAGER_USEC := 50_000
# While the game is busy, no more than these: each takes a descriptor of the process.
const _MOST := 300

var _listener := TCPServer.new()
var _thread := Thread.new()
var _lock := Mutex.new()
var _accepted: Array[StreamPeerTCP] = []
var _ends := false


## Listen; false where the port is in use.
func open(port: int, host: String) -> bool:
	if _listener.listen(port, host) != OK:
		return false
	_thread.start(_run)
	return true


## Listen no longer.
func close() -> void:
	if not _thread.is_started():
		return
	_lock.lock()
	_ends = true
	_lock.unlock()
	_thread.wait_to_finish()
	_listener.stop()


## The connections that wait, oldest first, and no more than `most`.
func take(most: int) -> Array[StreamPeerTCP]:
	_lock.lock()
	var taken := _accepted.slice(0, most)
	_accepted = _accepted.slice(most)
	_lock.unlock()
	return taken


func _run() -> void:
	var is_full := false
	var eager_until := 0
	while true:
		var stream: StreamPeerTCP = null
		if not is_full and _listener.is_connection_available():
			stream = _listener.take_connection()
			eager_until = Time.get_ticks_usec() + _EAGER_USEC
		_lock.lock()
		var ends := _ends
		if stream != null:
			_accepted.append(stream)
		is_full = _accepted.size() >= _MOST
		_lock.unlock()
		if ends:
			return
		if stream == null:
			OS.delay_usec(_EAGER_PAUSE_USEC if Time.get_ticks_usec() < eager_until else _PAUSE_USEC)

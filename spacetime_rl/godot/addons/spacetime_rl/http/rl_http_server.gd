class_name RLHttpServer
extends Node
## An HTTP server inside the game, for programs on the same machine: health, scenes, performance, and the agents.
##
## It runs on the main thread, at every frame and while the bridge waits for its peer, so that an answer says that the
## game is alive. Add it as an autoload, or start the game with `--http_port=PORT`. See docs/http-api.md.

## Group of the server that listens.
const GROUP := &"rl_http"

const _MARK := "SPACETIME-HTTP:"
# Several games of one training each take a port of their own.
const _PORTS := 64
const _MAX_CONNECTIONS := 256
# Those that are answered with 503, at a time; others wait until one of them has gone.
const _MAX_REFUSED := 128
const _POLL_EVERY_USEC := 500

## The port that it listens on; 0 while it does not.
var port := 0
## What a request has to repeat as `Authorization: Bearer TOKEN`, unless it only reads.
var token := ""
var settings := RLHttpSettings.new()

var _acceptor := RLHttpAcceptor.new()
var _connections: Array[RLHttpConnection] = []
var _routes: RLHttpRoutes
var _polled_usec := 0


func _ready() -> void:
	process_mode = Node.PROCESS_MODE_ALWAYS
	set_process(false)
	if get_tree().get_first_node_in_group(GROUP) != null:
		return
	if settings.why_off == "":
		_start()
	elif settings.is_said:
		print("%s off: %s" % [_MARK, settings.why_off])


func _exit_tree() -> void:
	if port > 0:
		RLPeer.meanwhile = Callable()
		_acceptor.close()
		port = 0


func _process(_delta: float) -> void:
	poll()


## Answer what has come in. Called at every frame, and over and over while the bridge waits.
func poll() -> void:
	var now := Time.get_ticks_usec()
	if now - _polled_usec < _POLL_EVERY_USEC:
		return
	_polled_usec = now
	for stream: StreamPeerTCP in _acceptor.take(_MAX_CONNECTIONS + _MAX_REFUSED - _connections.size()):
		_accept(stream)
	for connection: RLHttpConnection in _connections:
		connection.poll()
		while connection.has_request():
			_answer(connection)
	if not _connections.is_empty():
		_connections = _connections.filter(func(connection: RLHttpConnection) -> bool: return connection.is_open)


func _start() -> void:
	var last := settings.port + (_PORTS if settings.tries_next_ports else 1)
	for candidate: int in range(settings.port, mini(last, 65536)):
		if _acceptor.open(candidate, settings.host):
			port = candidate
			break
	if port == 0:
		# No error: a player's game, or a training, goes on without it.
		print("%s off: port %d on %s is in use" % [_MARK, settings.port, settings.host])
		return
	add_to_group(GROUP)
	_routes = RLHttpRoutes.new(self)
	token = settings.token if settings.token != "" else Crypto.new().generate_random_bytes(16).hex_encode()
	var shown := "the token of %s" % RLHttpSettings.TOKEN_VARIABLE if settings.token != "" else "token %s" % token
	print("%s listening on http://%s:%d, %s" % [_MARK, settings.host, port, shown])
	set_process(true)
	RLPeer.meanwhile = poll


func _accept(stream: StreamPeerTCP) -> void:
	stream.set_no_delay(true)
	var connection := RLHttpConnection.new(stream)
	_connections.append(connection)
	if _connections.size() > _MAX_CONNECTIONS:
		connection.refuse(RLHttpReply.error(503, "more than %d connections" % _MAX_CONNECTIONS))


func _answer(connection: RLHttpConnection) -> void:
	var since := Time.get_ticks_usec()
	var request := connection.take_request()
	var reply := request.problem
	if reply == null:
		reply = _checked(request)
	connection.send(reply, request.keeps_open)
	if settings.logs:
		var what := "%s %s" % [request.method, request.path.left(100)]
		var taken_ms := (Time.get_ticks_usec() - since) / 1000.0
		print("%s %s %s %d %.1f ms" % [_MARK, connection.address, what, reply.status, taken_ms])


func _checked(request: RLHttpRequest) -> RLHttpReply:
	if not settings.allows_host(request.host()):
		return RLHttpReply.error(403, "the header Host names another machine; use http://127.0.0.1:%d" % port)
	var refusal := _routes.refusal_of(request)
	if refusal != null:
		return refusal
	if request.method != "GET" and not _knows_token(request):
		return (
			RLHttpReply
			. unauthorized(
				"this request needs the header 'Authorization: Bearer TOKEN', with the token that the game printed at its start"
			)
		)
	return _routes.answer(request)


func _knows_token(request: RLHttpRequest) -> bool:
	var given := request.bearer().to_utf8_buffer()
	return Crypto.new().constant_time_compare(token.to_utf8_buffer(), given)

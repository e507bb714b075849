class_name RLHttpRoutes
extends RefCounted
## Which request is answered by what, and the fields that a body may have.

## The description of all of it, as OpenAPI.
const DESCRIPTION := "res://addons/spacetime_rl/http/openapi.json"

# By path and method: who answers, and the fields of the body.
var _routes: Dictionary[String, Dictionary] = {}
var _server: RLHttpServer
var _scenes: RLHttpScenes
var _play: RLHttpPlay


func _init(server: RLHttpServer) -> void:
	_server = server
	_scenes = RLHttpScenes.new(server)
	_play = RLHttpPlay.new(server)
	_add("GET", "/health", _health)
	_add("GET", "/status", _status)
	_add("GET", "/scene", _scenes.state)
	_add("POST", "/scene", _scenes.load_scene, ["scene_path", "attach"])
	_add("POST", "/scene/reload", _scenes.reload, ["attach"])
	_add("GET", "/performance/metrics", func(_body: Dictionary) -> RLHttpReply: return RLHttpMetrics.read())
	_add("GET", "/rl/observation", _play.observation)
	_add("GET", "/rl/state", _play.state)
	_add("POST", "/rl/action", _play.action, ["action", "agent", "actions"])
	_add("POST", "/rl/reset", _play.reset, ["seed", "episode"])
	_add("GET", "/openapi.json", _describe)


## Why a request is refused whoever sends it; null where it is not.
func refusal_of(request: RLHttpRequest) -> RLHttpReply:
	if not _routes.has(request.path):
		return RLHttpReply.error(404, "there is no such path; there are %s" % ", ".join(_routes.keys()))
	var methods: Dictionary = _routes[request.path]
	if not methods.has(request.method):
		var allowed := ", ".join(PackedStringArray(methods.keys()))
		var reply := RLHttpReply.error(405, "this path takes %s" % allowed)
		reply.headers.append("Allow: %s" % allowed)
		return reply
	return null


## The answer to a request that is not refused.
func answer(request: RLHttpRequest) -> RLHttpReply:
	var route: Dictionary = _routes[request.path][request.method]
	var fields: PackedStringArray = route["fields"]
	for field: String in request.body:
		if field not in fields:
			var known := ", ".join(fields) if not fields.is_empty() else "none"
			return RLHttpReply.error(400, "the body has the unknown field '%s'; known: %s" % [field.left(40), known])
	var handler: Callable = route["handler"]
	return handler.call(request.body)


func _add(method: String, path: String, handler: Callable, fields: PackedStringArray = []) -> void:
	var methods: Dictionary = _routes.get_or_add(path, {})
	methods[method] = {"handler": handler, "fields": fields}


func _health(_body: Dictionary) -> RLHttpReply:
	return RLHttpReply.new({"status": "healthy"})


func _status(_body: Dictionary) -> RLHttpReply:
	var bridge := RLHttpPlay.bridge_in(_server.get_tree())
	var version := Engine.get_version_info()
	return (
		RLHttpReply
		. new(
			{
				"status": "running",
				"game": ProjectSettings.get_setting("application/config/name", ""),
				"engine": "%d.%d.%d" % [version["major"], version["minor"], version["patch"]],
				"pid": OS.get_process_id(),
				"uptime_s": Time.get_ticks_msec() / 1000.0,
				"scene_path": _scenes.current_path(),
				"paused": _server.get_tree().paused,
				"training": bridge != null and bridge.options.port > 0,
			}
		)
	)


func _describe(_body: Dictionary) -> RLHttpReply:
	var described: Variant = JSON.parse_string(FileAccess.get_file_as_string(DESCRIPTION))
	if described is Dictionary:
		return RLHttpReply.new(described as Dictionary)
	return RLHttpReply.error(404, "this build of the game does not have %s" % DESCRIPTION)

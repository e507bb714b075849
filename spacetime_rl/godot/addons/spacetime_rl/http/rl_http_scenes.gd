class_name RLHttpScenes
extends RefCounted
## The scene that runs, another one from the whitelist, and the same one anew.

## Which scenes may be loaded: a list of paths and patterns, or an object with it as `scenes`.
const WHITELIST := "res://config/scene_whitelist.json"

var _server: RLHttpServer
var _loads := 0
# The scene that is about to run.
var _wanted := ""


func _init(server: RLHttpServer) -> void:
	_server = server
	_server.get_tree().scene_changed.connect(_note_change)


## `GET /scene`.
func state(_body: Dictionary = {}) -> RLHttpReply:
	var scene := _server.get_tree().current_scene
	return (
		RLHttpReply
		. new(
			{
				"scene_path": current_path(),
				"scene_name": scene.name if scene != null else &"",
				"status": "loading" if _wanted != "" or scene == null else "loaded",
				"loads": _loads,
			}
		)
	)


## The running scene's file; empty between two scenes.
func current_path() -> String:
	var scene := _server.get_tree().current_scene
	return scene.scene_file_path if scene != null else ""


## `POST /scene`: run another scene.
func load_scene(body: Dictionary) -> RLHttpReply:
	var given: Variant = body.get("scene_path")
	if given is not String:
		return RLHttpReply.error(400, 'expected a body such as {"scene_path": "res://main.tscn"}')
	var path: String = given
	var refusal := _refusal_of(path)
	if refusal == null:
		refusal = _look_for_training(body)
	return refusal if refusal != null else _change(path)


## `POST /scene/reload`: run the same scene anew.
func reload(body: Dictionary) -> RLHttpReply:
	var path := current_path() if _wanted == "" else _wanted
	if path == "":
		return RLHttpReply.error(409, "no scene runs that came from a file")
	var refusal := _look_for_training(body)
	return refusal if refusal != null else _change(path)


# The bridges of this scene and of those to come look for a training on the port `attach` of this machine; with 0 no
# longer.
func _look_for_training(body: Dictionary) -> RLHttpReply:
	var given: Variant = body.get("attach", -1.0)
	if given is not float or given < -1.0 or given > 65535.0 or given != floorf(given as float):
		return RLHttpReply.error(400, "attach: expected a port, or 0")
	var port: float = given
	if port >= 0.0:
		if _is_trained():
			return RLHttpReply.error(409, "a training plays this game already")
		RLAttach.asked = int(port)
	return null


func _is_trained() -> bool:
	var bridge := RLHttpPlay.bridge_in(_server.get_tree())
	return bridge != null and bridge.options.port > 0


func _change(path: String) -> RLHttpReply:
	var bridge := RLHttpPlay.bridge_in(_server.get_tree())
	if _is_trained():
		return _hand_over(bridge, path)
	var scene := ResourceLoader.load(path, "PackedScene") as PackedScene
	if scene == null or not scene.can_instantiate():
		return RLHttpReply.error(500, "Failed to load scene %s: the engine cannot read it; see the game's log" % path)
	_wanted = path
	_server.get_tree().change_scene_to_packed(scene)
	return _answer(path)


# A training goes on in the same scene alone: it has other agents elsewhere.
func _hand_over(bridge: RLBridge, path: String) -> RLHttpReply:
	if path != current_path():
		return RLHttpReply.error(409, "a training plays %s; it can be reloaded, but no other scene" % current_path())
	if not bridge.options.unchanged.is_empty():
		return RLHttpReply.error(409, "a project that is played unchanged begins its scene anew for every episode")
	_wanted = path
	bridge.begins_anew = true
	return _answer(path)


func _answer(path: String) -> RLHttpReply:
	return RLHttpReply.new({"status": "loading", "scene_path": path, "loads": _loads})


func _refusal_of(path: String) -> RLHttpReply:
	var allowed: Variant = _whitelist()
	if allowed is RLHttpReply:
		return allowed as RLHttpReply
	var is_scene := path.begins_with("res://") and path.get_extension() in ["tscn", "scn"]
	if not is_scene or ".." in path or "//" in path.trim_prefix("res://") or path.length() > 1000:
		return RLHttpReply.error(400, "scene_path must be a scene of the project, such as res://main.tscn")
	for pattern: Variant in allowed as Array:
		if path.match(str(pattern)):
			if ResourceLoader.exists(path, "PackedScene"):
				return null
			return RLHttpReply.error(404, "Failed to load scene %s: the project does not have it" % path)
	return RLHttpReply.error(403, "Failed to load scene %s: it is not in the whitelist, %s" % [path, WHITELIST])


# A list of patterns, or why there is none. Without a file, the project's main scene.
func _whitelist() -> Variant:
	if not FileAccess.file_exists(WHITELIST):
		return [ResourceUID.ensure_path(str(ProjectSettings.get_setting("application/run/main_scene", "")))]
	var json := JSON.new()
	var read: Variant = null
	if json.parse(FileAccess.get_file_as_string(WHITELIST)) == OK:
		read = json.data
	if read is Dictionary:
		read = (read as Dictionary).get("scenes")
	if read is Array:
		return read
	return RLHttpReply.error(500, '%s: expected {"scenes": ["res://…", …]}' % WHITELIST)


func _note_change() -> void:
	_wanted = ""
	_loads += 1

class_name RLWatchCamera2D
extends Camera2D
## Looks at a 2D body for a person: with the scene's own camera, or following the body.

var _body: Node2D
var _scene_camera: Camera2D
var _following: bool


func _init(view: String) -> void:
	name = "Camera"
	_following = view != "scene"


func _ready() -> void:
	_scene_camera = get_viewport().get_camera_2d()
	if _scene_camera == self:
		_scene_camera = null
	_show()


func _process(_delta: float) -> void:
	if _body != null:
		global_position = _body.global_position


## Look at this body from now on.
func follow(body: Node2D) -> void:
	_body = body


## On to the next view.
func change_view() -> void:
	_following = not _following
	_show()


func _show() -> void:
	if _scene_camera == null or _following:
		make_current()
	else:
		_scene_camera.make_current()

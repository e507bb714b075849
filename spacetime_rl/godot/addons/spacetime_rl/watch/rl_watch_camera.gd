class_name RLWatchCamera
extends Camera3D
## Looks at a body for a person: from the scene's own camera, from behind, or out of its eyes.

const VIEWS: Array[String] = ["scene", "behind", "eyes"]

# Metres behind and above a body of the size of a person, and above its origin that are looked at.
const _BEHIND := Vector3(0.0, 2.3, 2.8)
const _LOOKED_AT := Vector3(0.0, 1.2, -1.0)
const _EYES := Vector3(0.0, 1.6, 0.0)
# Share of the way to its place that the camera goes in a second, as a rate.
const _HASTE := 8.0

var _body: Node3D
var _view := VIEWS[0]
var _scene_camera: Camera3D


func _init(view: String) -> void:
	_view = view
	name = "Camera"
	top_level = true
	fov = 70.0


func _ready() -> void:
	_scene_camera = get_viewport().get_camera_3d()
	if _scene_camera == self:
		_scene_camera = null
	_set_view(_view)


func _process(delta: float) -> void:
	if not current or _body == null:
		return
	var place := _place()
	var jump := _view == "eyes" or global_position.distance_to(place.origin) > 10.0
	global_transform = place if jump else global_transform.interpolate_with(place, minf(1.0, _HASTE * delta))


## Look at this body from now on.
func follow(body: Node3D) -> void:
	_body = body


## On to the next view.
func change_view() -> void:
	_set_view(VIEWS[(VIEWS.find(_view) + 1) % VIEWS.size()])


func _set_view(view: String) -> void:
	_view = view
	if _view == "scene" and _scene_camera != null:
		_scene_camera.make_current()
	else:
		make_current()


func _place() -> Transform3D:
	var player := _body as RLXRPlayer
	if _view == "eyes":
		return player.head.global_transform if player != null else _body.global_transform.translated_local(_EYES)
	var facing := Basis(Vector3.UP, _body.global_basis.get_euler().y)
	var from := _body.global_position + facing * _BEHIND
	return Transform3D(facing, from).looking_at(_body.global_position + facing * _LOOKED_AT)

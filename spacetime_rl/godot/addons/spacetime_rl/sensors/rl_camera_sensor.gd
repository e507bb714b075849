@tool
@icon("res://addons/spacetime_rl/icons/sensor_image.svg")
class_name RLCameraSensor
extends RLImageSensor
## What a camera on the player sees. Needs a renderer: a game started with `--headless` draws nothing.

## Pixels across.
@export_range(4, 1024) var width := 64
## Pixels down.
@export_range(4, 1024) var height := 48
## One channel of brightness instead of red, green and blue.
@export var grayscale := false
## Vertical field of view, degrees.
@export_range(1.0, 179.0) var fov_degrees := 75.0
## Where the camera is in the player's frame; it looks along -Z.
@export var mount := Transform3D(Basis(), Vector3(0.0, 1.6, 0.0))

var _viewport: SubViewport
var _camera: Camera3D


func _init() -> void:
	label = &"camera"


func shape() -> Vector3i:
	return Vector3i(height, width, 1 if grayscale else 3)


func request_drawing() -> bool:
	_camera.global_transform = body.global_transform * mount
	_camera.force_update_transform()
	_viewport.render_target_update_mode = SubViewport.UPDATE_ONCE
	return true


func image() -> PackedByteArray:
	var picture := _viewport.get_texture().get_image()
	picture.convert(Image.FORMAT_L8 if grayscale else Image.FORMAT_RGB8)
	return picture.get_data()


func _setup() -> void:
	if DisplayServer.get_name() == "headless":
		var what := "'%s' of agent '%s' needs a renderer; start the game with a display instead of --headless"
		push_error(what % [label, agent.agent_name])
	_viewport = SubViewport.new()
	_viewport.size = Vector2i(width, height)
	_viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	_camera = Camera3D.new()
	_camera.fov = fov_degrees
	_camera.current = true
	_viewport.add_child(_camera)
	add_child(_viewport)

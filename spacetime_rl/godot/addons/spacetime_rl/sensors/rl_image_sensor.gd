@icon("res://addons/spacetime_rl/icons/sensor_image.svg")
class_name RLImageSensor
extends Node
## Base of sensors that deliver an image of unsigned bytes. A child of the RLAgent. See RLCameraSensor.

## Name of the image; two images of an agent need two names.
@export var label := &"image"

var agent: RLAgent
## The player: the agent's parent. Null in a 2D game, which has `body_2d`.
var body: Node3D
## The player in a 2D game; null in 3D.
var body_2d: Node2D


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Override: height, width, channels.
func shape() -> Vector3i:
	return Vector3i.ZERO


## Bytes of an image.
func byte_count() -> int:
	return shape().x * shape().y * shape().z


## Override: the present image, height * width * channels bytes in row-major order.
func image() -> PackedByteArray:
	return PackedByteArray()


## Override: ask for one drawing of a viewport. Returns whether a frame has to be drawn before `image` is read.
func request_drawing() -> bool:
	return false


## Override for work to be done once, when `agent` and `body` are known.
func _setup() -> void:
	pass


## For the agent.
func setup(of_agent: RLAgent) -> void:
	agent = of_agent
	body = agent.body
	body_2d = agent.body_2d
	_setup()


## The images of several sensors one after the other, drawn in one frame.
static func images_of(sensors: Array[RLImageSensor]) -> PackedByteArray:
	var drawing := false
	for sensor: RLImageSensor in sensors:
		drawing = sensor.request_drawing() or drawing
	if drawing:
		RenderingServer.force_draw(false)
	var images := PackedByteArray()
	for sensor: RLImageSensor in sensors:
		images.append_array(sensor.image())
	return images

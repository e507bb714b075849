class_name WheelLooks
extends MeshInstance3D
## A tyre with a rim; nothing without a window.

const _RADIUS := 0.31
const _WIDTH := 0.2

# The same for all wheels, as they are made anew for every episode.
static var _made: ArrayMesh


func _ready() -> void:
	if DisplayServer.get_name() == "headless":
		return
	if _made == null:
		_made = make()
	mesh = _made


## The mesh of a wheel around the x axis.
static func make() -> ArrayMesh:
	var sketch := MeshSketch.new()
	sketch.paint(Color(0.07, 0.07, 0.08), 0.9)
	sketch.cylinder(Vector3.ZERO, _RADIUS, _WIDTH)
	sketch.paint(Color(0.75, 0.77, 0.8), 0.3)
	sketch.cylinder(Vector3.ZERO, _RADIUS * 0.66, _WIDTH + 0.015)
	sketch.paint(Color(0.12, 0.12, 0.13), 0.6)
	for i: int in 5:
		var at := Vector3(0.0, cos(TAU * i / 5.0), sin(TAU * i / 5.0)) * _RADIUS * 0.42
		sketch.cylinder(at, _RADIUS * 0.13, _WIDTH + 0.02)
	return sketch.finish()

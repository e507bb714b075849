class_name CarLooks
extends MeshInstance3D
## The hatchback as one sees it: painted body, glass, lights. Parked cars have their wheels in it; the driven one has
## wheels that turn.

const COLOURS: Array[Color] = [
	Color(0.72, 0.12, 0.12),
	Color(0.85, 0.86, 0.88),
	Color(0.16, 0.3, 0.52),
	Color(0.35, 0.37, 0.4),
	Color(0.12, 0.13, 0.15),
	Color(0.62, 0.6, 0.5),
	Color(0.16, 0.38, 0.32),
]
## The colour of the car that parks.
const DRIVEN := Color(0.95, 0.55, 0.08)
const _GLASS := Color(0.09, 0.12, 0.16)
const _DARK := Color(0.06, 0.06, 0.07)
const _SIDE := 0.85

# By colour and wheels.
static var _made: Dictionary[String, ArrayMesh] = {}

var _colour := DRIVEN
var _with_wheels := false


func _init(colour: Color = DRIVEN, with_wheels: bool = false) -> void:
	_colour = colour
	_with_wheels = with_wheels


func _ready() -> void:
	if DisplayServer.get_name() == "headless":
		return
	var key := "%s %s" % [_colour, _with_wheels]
	if not _made.has(key):
		_made[key] = make(_colour, _with_wheels)
	mesh = _made[key]


## The mesh of a car whose nose points to -Z, on the ground.
static func make(colour: Color, with_wheels: bool) -> ArrayMesh:
	var sketch := MeshSketch.new()
	sketch.paint(colour, 0.25)
	_make_body(sketch)
	_make_cabin(sketch)
	sketch.paint(_GLASS, 0.1)
	_make_windows(sketch)
	sketch.paint(_DARK, 0.8)
	_make_trim(sketch)
	sketch.paint(Color(1.0, 0.97, 0.85), 0.2, 0.6)
	for side: float in [-1.0, 1.0]:
		sketch.box(Vector3(side * 0.6, 0.68, -1.845), Vector3(0.34, 0.13, 0.1))
	sketch.paint(Color(0.8, 0.05, 0.05), 0.3, 0.5)
	for side: float in [-1.0, 1.0]:
		sketch.box(Vector3(side * 0.7, 0.82, 1.865), Vector3(0.22, 0.26, 0.06))
	sketch.paint(Color(0.92, 0.92, 0.88), 0.6)
	sketch.box(Vector3(0.0, 0.55, 1.895), Vector3(0.5, 0.12, 0.02))
	if with_wheels:
		_make_wheels(sketch)
	return sketch.finish()


# Two outlines one in the other: the wider one is lower than the other, which makes a shoulder along the side.
static func _make_body(sketch: MeshSketch) -> void:
	var outline := PackedVector2Array(
		[
			Vector2(-1.84, 0.26),
			Vector2(-1.9, 0.42),
			Vector2(-1.88, 0.64),
			Vector2(-1.74, 0.77),
			Vector2(-0.9, 0.93),
			Vector2(1.62, 1.0),
			Vector2(1.86, 0.95),
			Vector2(1.9, 0.5),
			Vector2(1.84, 0.26)
		]
	)
	sketch.extrude(outline, PackedFloat32Array([0.74, 0.76, 0.76, 0.72, 0.76, 0.74, 0.7, 0.74, 0.72]))
	var flank := PackedVector2Array(
		[
			Vector2(-1.78, 0.3),
			Vector2(-1.82, 0.62),
			Vector2(-0.95, 0.82),
			Vector2(1.7, 0.88),
			Vector2(1.84, 0.8),
			Vector2(1.82, 0.3)
		]
	)
	sketch.extrude(flank, PackedFloat32Array([0.78, 0.8, _SIDE, _SIDE, 0.8, 0.78]))


static func _make_cabin(sketch: MeshSketch) -> void:
	var cabin := PackedVector2Array(
		[
			Vector2(-0.92, 0.92),
			Vector2(-0.1, 1.4),
			Vector2(0.25, 1.45),
			Vector2(1.15, 1.43),
			Vector2(1.5, 1.36),
			Vector2(1.76, 0.96)
		]
	)
	sketch.extrude(cabin, PackedFloat32Array([0.76, 0.58, 0.57, 0.57, 0.58, 0.74]))
	# The lip over the rear window.
	sketch.box(Vector3(0.0, 1.395, 1.5), Vector3(1.1, 0.04, 0.26))


static func _make_windows(sketch: MeshSketch) -> void:
	# Windscreen and rear window, a centimetre above what they are cut into.
	sketch.face(_across(-0.86, 0.97, 0.68, -0.14, 1.392, 0.53, Vector3(0.0, 0.012, -0.012)))
	sketch.face(_across(1.74, 1.02, 0.66, 1.54, 1.33, 0.54, Vector3(0.0, 0.004, 0.014)))
	for side: float in [-1.0, 1.0]:
		sketch.face(
			_along(side, [Vector2(-0.68, 0.97), Vector2(-0.05, 1.345), Vector2(0.33, 1.385), Vector2(0.33, 0.97)])
		)
		sketch.face(_along(side, [Vector2(0.42, 0.97), Vector2(0.42, 1.385), Vector2(1.02, 1.38), Vector2(1.12, 0.99)]))
		sketch.face(_along(side, [Vector2(1.21, 0.99), Vector2(1.12, 1.37), Vector2(1.36, 1.33), Vector2(1.52, 1.03)]))


# A window from side to side: z, y and half width at its lower and its upper edge.
static func _across(
	z0: float, y0: float, x0: float, z1: float, y1: float, x1: float, off: Vector3
) -> PackedVector3Array:
	return [
		Vector3(-x0, y0, z0) + off, Vector3(x0, y0, z0) + off, Vector3(x1, y1, z1) + off, Vector3(-x1, y1, z1) + off
	]


# A window in a side of the cabin, which leans inwards from the belt line to the roof.
static func _along(side: float, points: Array[Vector2]) -> PackedVector3Array:
	var corners := PackedVector3Array()
	for point: Vector2 in points:
		var x := lerpf(0.765, 0.58, clampf((point.y - 0.93) / 0.5, 0.0, 1.0)) + 0.012
		corners.append(Vector3(side * x, point.y, point.x))
	return corners


static func _make_trim(sketch: MeshSketch) -> void:
	# Bumper strips, grille, sills, wheel arches, mirrors.
	sketch.box(Vector3(0.0, 0.36, -1.875), Vector3(1.4, 0.14, 0.06))
	sketch.box(Vector3(0.0, 0.56, -1.895), Vector3(0.66, 0.1, 0.03))
	sketch.box(Vector3(0.0, 0.34, 1.885), Vector3(1.44, 0.16, 0.05))
	for side: float in [-1.0, 1.0]:
		sketch.box(Vector3(side * 0.8, 0.27, 0.0), Vector3(0.06, 0.08, 1.7))
		sketch.box(Vector3(side * 0.84, 0.98, -0.62), Vector3(0.14, 0.1, 0.1))
		sketch.box(Vector3(side * 0.852, 0.74, 0.5), Vector3(0.012, 0.03, 0.16))
		for axle: float in [-1.2, 1.2]:
			sketch.cylinder(Vector3(side * 0.78, 0.33, axle), 0.38, 0.16)


static func _make_wheels(sketch: MeshSketch) -> void:
	for at: Vector3 in [Vector3(-1, 0.31, -1.2), Vector3(1, 0.31, -1.2), Vector3(-1, 0.31, 1.2), Vector3(1, 0.31, 1.2)]:
		var hub := at * Vector3(0.79, 1.0, 1.0)
		sketch.paint(Color(0.07, 0.07, 0.08), 0.9)
		sketch.cylinder(hub, 0.31, 0.18)
		sketch.paint(Color(0.7, 0.72, 0.75), 0.3)
		sketch.cylinder(hub, 0.205, 0.195)

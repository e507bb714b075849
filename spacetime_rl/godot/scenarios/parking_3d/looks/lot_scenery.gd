class_name LotScenery
extends Node3D
## The visible parts of the car park: asphalt, lines, hedges, grass, trees, lamps, and the mark on the bay.

const _LINE := 0.1
const _MARK := Color(0.2, 0.85, 0.35)


func _init(lot: ParkingLot = null, params: ParkingParams = null) -> void:
	if lot == null:
		return
	var ground := MeshSketch.new()
	ground.paint(Color(0.36, 0.5, 0.27), 0.95)
	_flat(ground, Vector3.ZERO, Vector2(300.0, 300.0), -0.02)
	ground.paint(Color(0.25, 0.26, 0.28), 0.9)
	_flat(ground, Vector3.ZERO, 2.0 * lot.half, 0.0)
	ground.paint(Color(0.21, 0.22, 0.24), 0.9)
	_flat(ground, Vector3.ZERO, Vector2(2.0 * lot.half.x, 2.0 * lot.half_aisle), 0.004)
	ground.paint(Color(0.88, 0.88, 0.85), 0.8)
	_draw_lines(ground, lot, params)
	ground.paint(Color(0.6, 0.6, 0.58), 0.9)
	_draw_stops(ground, lot)
	ground.paint(Color(0.17, 0.36, 0.16), 1.0)
	_draw_hedge(ground, lot)
	_show(ground.finish(), self)
	_plant_trees(lot)
	_raise_lamps(lot)
	_make_mark(lot, params)


static func _flat(sketch: MeshSketch, middle: Vector3, size: Vector2, height: float) -> void:
	var x := size.x / 2.0
	var z := size.y / 2.0
	var at := Vector3(middle.x, height, middle.z)
	sketch.face([at + Vector3(-x, 0, -z), at + Vector3(x, 0, -z), at + Vector3(x, 0, z), at + Vector3(-x, 0, z)])


static func _draw_lines(sketch: MeshSketch, lot: ParkingLot, params: ParkingParams) -> void:
	var across := params.bays_per_row * params.bay_width
	for row: float in [-1.0, 1.0]:
		var depth := row * (lot.half_aisle + params.bay_length / 2.0)
		for i: int in params.bays_per_row + 1:
			var x := i * params.bay_width - across / 2.0
			_flat(sketch, Vector3(x, 0.0, depth), Vector2(_LINE, params.bay_length), 0.008)
		var back := row * (lot.half_aisle + params.bay_length)
		_flat(sketch, Vector3(0.0, 0.0, back), Vector2(across + _LINE, _LINE), 0.008)
	# Arrows along the aisle.
	for i: int in range(-1, 2):
		var x := i * across / 3.0
		_flat(sketch, Vector3(x - 0.4, 0.0, 0.0), Vector2(1.2, 0.12), 0.008)
		var tip := Vector3(x + 0.9, 0.008, 0.0)
		sketch.face([tip, tip + Vector3(-0.7, 0.0, 0.32), tip + Vector3(-0.7, 0.0, -0.32)])


# Low bars at the far ends of the bays, to be seen only: the car's own overhang passes above them.
static func _draw_stops(sketch: MeshSketch, lot: ParkingLot) -> void:
	for bay: ParkingBay in lot.bays:
		var at := bay.place * Vector3(0.0, 0.05, -bay.half.y + 0.25)
		sketch.box(at, Vector3(1.5, 0.1, 0.14))


static func _draw_hedge(sketch: MeshSketch, lot: ParkingLot) -> void:
	var thick := ParkingLot.HEDGE_THICKNESS
	var outer := lot.half + Vector2.ONE * thick / 2.0
	var dice := RandomNumberGenerator.new()
	for row: float in [-1.0, 1.0]:
		_draw_bushes(sketch, Vector3(0.0, 0.0, row * outer.y), Vector3.RIGHT, 2.0 * (lot.half.x + thick), dice)
		_draw_bushes(sketch, Vector3(row * outer.x, 0.0, 0.0), Vector3.BACK, 2.0 * lot.half.y, dice)


# A hedge of bushes, each a little different from the next one.
static func _draw_bushes(
	sketch: MeshSketch, middle: Vector3, along: Vector3, length: float, dice: RandomNumberGenerator
) -> void:
	var count := maxi(roundi(length / 0.9), 1)
	var step := length / count
	for i: int in count:
		var height := ParkingLot.HEDGE_HEIGHT * dice.randf_range(0.9, 1.1)
		var thick := ParkingLot.HEDGE_THICKNESS * dice.randf_range(0.9, 1.0)
		var at := middle + along * ((i + 0.5) * step - length / 2.0) + Vector3.UP * height / 2.0
		var across := Vector3(along.z, 0.0, along.x) * thick
		sketch.box(at, along * step * 1.02 + across + Vector3.UP * height)


func _plant_trees(lot: ParkingLot) -> void:
	var dice := RandomNumberGenerator.new()
	dice.seed = 5
	var sketch := MeshSketch.new()
	sketch.paint(Color(0.35, 0.25, 0.17), 1.0)
	var places: Array[Vector3] = []
	var spread := lot.half.x / 3.0
	for i: int in range(-3, 4):
		places.append(Vector3(i * spread + dice.randf_range(-1.0, 1.0), 0.0, -lot.half.y - dice.randf_range(2.5, 5.0)))
	for side: float in [-1.0, 1.0]:
		for i: int in 2:
			places.append(Vector3(side * (lot.half.x + dice.randf_range(2.5, 5.0)), 0.0, lot.half.y * (i - 0.7)))
	for at: Vector3 in places:
		sketch.box(at + Vector3.UP * 0.9, Vector3(0.3, 1.8, 0.3))
	_show(sketch.finish(), self)
	for at: Vector3 in places:
		_grow(at, dice)


func _grow(at: Vector3, dice: RandomNumberGenerator) -> void:
	for i: int in 3:
		var crown := SphereMesh.new()
		crown.radial_segments = 12
		crown.rings = 6
		crown.radius = dice.randf_range(0.9, 1.3)
		crown.height = 2.0 * crown.radius
		var leaves := StandardMaterial3D.new()
		leaves.albedo_color = Color(0.2, 0.42, 0.18).lerp(Color(0.36, 0.55, 0.22), dice.randf())
		leaves.roughness = 1.0
		crown.material = leaves
		var off := Vector3(dice.randf_range(-0.6, 0.6), 2.3 + 0.55 * i, dice.randf_range(-0.6, 0.6))
		_show(crown, self).position = at + off


func _raise_lamps(lot: ParkingLot) -> void:
	var sketch := MeshSketch.new()
	for side: float in [-1.0, 1.0]:
		var foot := Vector3(side * (lot.half.x + 0.4), 0.0, -lot.half_aisle - 0.6)
		sketch.paint(Color(0.5, 0.52, 0.55), 0.4)
		sketch.box(foot + Vector3(0.0, 2.4, 0.0), Vector3(0.12, 4.8, 0.12))
		sketch.box(foot + Vector3(-side * 0.6, 4.8, 0.0), Vector3(1.4, 0.08, 0.14))
		sketch.paint(Color(1.0, 0.97, 0.85), 0.4, 0.8)
		sketch.box(foot + Vector3(-side * 1.1, 4.74, 0.0), Vector3(0.5, 0.06, 0.2))
	_show(sketch.finish(), self)


# A green bay with a P, which moves to the bay that is meant.
func _make_mark(lot: ParkingLot, params: ParkingParams) -> void:
	var sketch := MeshSketch.new()
	sketch.paint(_MARK.darkened(0.35), 0.8)
	var size := Vector2(params.bay_width - _LINE, params.bay_length - _LINE)
	_flat(sketch, Vector3.ZERO, size, 0.006)
	sketch.paint(_MARK, 0.7, 0.5)
	for side: float in [-1.0, 1.0]:
		_flat(sketch, Vector3(side * size.x / 2.0, 0.0, 0.0), Vector2(0.14, size.y), 0.012)
		_flat(sketch, Vector3(0.0, 0.0, side * size.y / 2.0), Vector2(size.x + 0.14, 0.14), 0.012)
	_show(sketch.finish(), lot.mark)
	var letter := Label3D.new()
	letter.text = "P"
	letter.font_size = 192
	letter.pixel_size = 0.008
	letter.modulate = Color(0.9, 1.0, 0.92)
	letter.outline_size = 0
	letter.shaded = false
	letter.rotation_degrees = Vector3(-90.0, 0.0, 0.0)
	letter.position.y = 0.02
	lot.mark.add_child(letter)


static func _show(mesh: Mesh, under: Node3D) -> MeshInstance3D:
	var shown := MeshInstance3D.new()
	shown.mesh = mesh
	under.add_child(shown)
	return shown

class_name LandingGround
extends StaticBody3D
## Hills from the episode's seed, level at height 0 around the pads; one height map, filled anew in place.

## Heights along an edge, and metres between them.
const POINTS := 37
const CELL := 25.0
## From the middle to the edge, in metres.
const HALF := 0.5 * CELL * (POINTS - 1)
## Around a pad the ground is level up to the first distance and free from the second on, in metres.
const LEVEL := 20.0
const FREE := 90.0
## The level ground lies this much below the pads' upper side, in metres.
const SUNK := 0.3

@export var shape: CollisionShape3D
@export var mesh: MeshInstance3D

var _heights := PackedFloat32Array()
var _cells := PackedFloat32Array()
var _noise := FastNoiseLite.new()
var _shown := DisplayServer.get_name() != "headless"


func _ready() -> void:
	_heights.resize(POINTS * POINTS)
	_cells.resize(POINTS * POINTS)
	_noise.frequency = 1.0 / 180.0
	_noise.fractal_octaves = 3
	var map := HeightMapShape3D.new()
	map.map_width = POINTS
	map.map_depth = POINTS
	shape.shape = map
	# A height map's cells are 1 m wide; scaled alike along all axes, heights too.
	shape.scale = Vector3.ONE * CELL


## Raise new hills of at most this height, with level places for pads (x, z from the middle).
func raise(rng: RandomNumberGenerator, height: float, pads: PackedVector2Array) -> void:
	_noise.seed = rng.randi()
	for row: int in POINTS:
		for column: int in POINTS:
			var spot := Vector2(column * CELL - HALF, row * CELL - HALF)
			var bump := height * _noise.get_noise_2d(spot.x, spot.y)
			for pad: Vector2 in pads:
				bump *= smoothstep(LEVEL, FREE, spot.distance_to(pad))
			_heights[row * POINTS + column] = bump - SUNK
	for i: int in _heights.size():
		_cells[i] = _heights[i] / CELL
	(shape.shape as HeightMapShape3D).map_data = _cells
	if _shown:
		_show()


## Height of the ground under a place (x, z from the middle), in metres above the pads.
func height_at(x: float, z: float) -> float:
	var column := clampf((x + HALF) / CELL, 0.0, POINTS - 1.001)
	var row := clampf((z + HALF) / CELL, 0.0, POINTS - 1.001)
	var at := int(row) * POINTS + int(column)
	var along := column - floorf(column)
	var near := lerpf(_heights[at], _heights[at + 1], along)
	var far := lerpf(_heights[at + POINTS], _heights[at + POINTS + 1], along)
	return lerpf(near, far, row - floorf(row))


## For somebody who watches: the same surface to be seen.
func _show() -> void:
	var surface := SurfaceTool.new()
	surface.begin(Mesh.PRIMITIVE_TRIANGLES)
	for row: int in POINTS:
		for column: int in POINTS:
			var height := _heights[row * POINTS + column]
			surface.set_uv(Vector2(column, row))
			surface.add_vertex(Vector3(column * CELL - HALF, height, row * CELL - HALF))
	for row: int in POINTS - 1:
		for column: int in POINTS - 1:
			var at := row * POINTS + column
			for corner: int in [at, at + 1, at + POINTS, at + 1, at + POINTS + 1, at + POINTS]:
				surface.add_index(corner)
	surface.generate_normals()
	mesh.mesh = surface.commit()

class_name TagMap
extends Node3D
## A square of cells between four walls. Blocks of 1 m and 2 m, and walls, fill some cells; a map differs every time.
##
## One can jump from a height to the next one. Groups of blocks leave a cell free around them, so one gets everywhere.

## Side of a cell, in metres.
const CELL := 2.0
## Height of a wall, in metres. With a run-up one jumps over a free cell, from the highest block to 3.3 m.
const WALL := 4
## Largest group: cells from its first one, with their heights.
const GROUPS: Array[Dictionary] = [
	{Vector2i(0, 0): WALL},
	{Vector2i(0, 0): WALL, Vector2i(1, 0): WALL},
	{Vector2i(0, 0): WALL, Vector2i(1, 0): WALL, Vector2i(2, 0): WALL},
	{Vector2i(0, 0): 1, Vector2i(1, 0): 1},
	{Vector2i(0, 0): 1, Vector2i(1, 0): 2},
	{Vector2i(0, 0): 1, Vector2i(1, 0): 2, Vector2i(2, 0): 1},
	{Vector2i(0, 0): 1, Vector2i(1, 0): 2, Vector2i(0, 1): 1, Vector2i(1, 1): 1},
]
const LARGEST := 4
const TRIES := 24
const _AWAY := Vector3(0.0, -100.0, 0.0)
const _COLOURS: Array[Color] = [Color(0.85, 0.7, 0.42), Color(0.8, 0.52, 0.3), Color(0.42, 0.45, 0.55)]

@export var floor_shape: CollisionShape3D
@export var floor_mesh: MeshInstance3D
@export var wall_shape: CollisionShape3D
@export var wall_mesh: MeshInstance3D
## North, south, west, east.
@export var walls: Array[StaticBody3D] = []

## Cells along a side.
var cells := 10
## Ways of this map, for those who plan.
var paths := TagPaths.new(self)
## How high each cell's block is, in metres, by the cell's number.
var levels := PackedInt32Array()

var _blocks: Array[StaticBody3D] = []
# Null in a game without a window.
var _meshes: Array[MeshInstance3D] = []
var _materials: Array[StandardMaterial3D] = []


## Make the floor, its walls and the supply of blocks, once.
func build(settings: TagParams) -> void:
	cells = settings.map_cells
	levels.resize(cells * cells)
	var size := cells * CELL
	var drawn := DisplayServer.get_name() != "headless"
	(floor_shape.shape as BoxShape3D).size = Vector3(size + 2.0, 1.0, size + 2.0)
	(floor_mesh.mesh as BoxMesh).size = Vector3(size + 2.0, 1.0, size + 2.0)
	for i: int in walls.size():
		var along := i < 2
		var off := (size / 2.0 + 0.5) * (-1.0 if i % 2 == 0 else 1.0)
		walls[i].position = Vector3(0.0 if along else off, 0.0, off if along else 0.0)
		walls[i].rotation.y = 0.0 if along else PI / 2.0
	# All four share these.
	(wall_shape.shape as BoxShape3D).size.x = size + 2.0
	(wall_mesh.mesh as BoxMesh).size.x = size + 2.0
	for colour: Color in _COLOURS:
		var material := StandardMaterial3D.new()
		material.albedo_color = colour
		_materials.append(material)
	for i: int in settings.blocks * LARGEST:
		_add_block(drawn)


## A new map: as many groups of blocks as there is room for, up to `count`.
func lay_out(rng: RandomNumberGenerator, count: int) -> void:
	levels.fill(0)
	var used := 0
	for i: int in count:
		var kind := GROUPS[rng.randi_range(0, GROUPS.size() - 1)]
		var turn := rng.randi_range(0, 3)
		for attempt: int in TRIES:
			var at := Vector2i(rng.randi_range(1, cells - 2), rng.randi_range(1, cells - 2))
			if _fits(kind, turn, at):
				for offset: Vector2i in kind:
					var cell := at + _turned(offset, turn)
					var height: int = kind[offset]
					levels[index_of(cell)] = height
					_stand(used, cell, height)
					used += 1
				break
	for i: int in range(used, _blocks.size()):
		_blocks[i].visible = false
		RLPhysics.reset_body(_blocks[i], Transform3D(Basis.IDENTITY, _AWAY - Vector3(0.0, 4.0 * i, 0.0)))
	paths.forget()


## Half the length of a side, in metres.
func half_size() -> float:
	return 0.5 * CELL * cells


## The number of a cell, row by row.
func index_of(cell: Vector2i) -> int:
	return cell.y * cells + cell.x


## The cell with a number.
@warning_ignore_start("integer_division")


func cell_at(index: int) -> Vector2i:
	return Vector2i(index % cells, index / cells)


@warning_ignore_restore("integer_division")


## The cell that a place is in; the nearest one for a place in a wall.
func cell_of(place: Vector3) -> Vector2i:
	var at := Vector2i(floori((place.x + half_size()) / CELL), floori((place.z + half_size()) / CELL))
	return at.clampi(0, cells - 1)


## The number of the cell that a place is in.
func number_at(place: Vector3) -> int:
	return index_of(cell_of(place))


## The middle of a cell, on top of its block.
func top_of(cell: Vector2i) -> Vector3:
	var corner := half_size()
	return Vector3((cell.x + 0.5) * CELL - corner, level_of(cell), (cell.y + 0.5) * CELL - corner)


## For each cell, the metres of walking between it and the nearest player of the other role: for somebody who is it from
## there to that player, for others from that player to there. Empty without such a player.
func ways_of(player: TagPlayer) -> PackedFloat32Array:
	var here := number_at(player.position)
	var nearest := PackedFloat32Array()
	for other: TagPlayer in player.arena.players:
		if not other.present or not other.agent.active or other.is_it == player.is_it:
			continue
		var at := number_at(other.position)
		var costs := paths.costs_to(at) if player.is_it else paths.costs_from(at)
		if nearest.is_empty() or costs[here] < nearest[here]:
			nearest = costs
	return nearest


## How high a cell's block is, in metres; WALL outside of the map.
func level_of(cell: Vector2i) -> int:
	if cell.x < 0 or cell.y < 0 or cell.x >= cells or cell.y >= cells:
		return WALL
	return levels[index_of(cell)]


## A cell on the ground.
func free_cell(rng: RandomNumberGenerator) -> Vector2i:
	for attempt: int in TRIES:
		var cell := Vector2i(rng.randi_range(0, cells - 1), rng.randi_range(0, cells - 1))
		if level_of(cell) == 0:
			return cell
	# The border is always free.
	return Vector2i(rng.randi_range(0, cells - 1), 0)


func _fits(kind: Dictionary, turn: int, at: Vector2i) -> bool:
	for offset: Vector2i in kind:
		var cell := at + _turned(offset, turn)
		if cell.x < 1 or cell.y < 1 or cell.x > cells - 2 or cell.y > cells - 2:
			return false
		for dx: int in range(-1, 2):
			for dy: int in range(-1, 2):
				if level_of(cell + Vector2i(dx, dy)) > 0:
					return false
	return true


func _turned(offset: Vector2i, turn: int) -> Vector2i:
	match turn:
		1:
			return Vector2i(-offset.y, offset.x)
		2:
			return -offset
		3:
			return Vector2i(offset.y, -offset.x)
	return offset


# A block reaches as far into the ground as its height is less than a wall's, so that all of them are of one shape.
func _stand(number: int, cell: Vector2i, height: int) -> void:
	var place := top_of(cell)
	place.y = height - WALL / 2.0
	_blocks[number].visible = true
	RLPhysics.reset_body(_blocks[number], Transform3D(Basis.IDENTITY, place))
	if not _meshes.is_empty():
		_meshes[number].material_override = _materials[mini(height, _materials.size()) - 1]


func _add_block(drawn: bool) -> void:
	var block := StaticBody3D.new()
	var shape := CollisionShape3D.new()
	var box := BoxShape3D.new()
	box.size = Vector3(CELL, WALL, CELL)
	shape.shape = box
	block.add_child(shape)
	block.position = _AWAY
	if drawn:
		var mesh := MeshInstance3D.new()
		var cube := BoxMesh.new()
		cube.size = box.size
		mesh.mesh = cube
		block.add_child(mesh)
		_meshes.append(mesh)
	add_child(block)
	_blocks.append(block)

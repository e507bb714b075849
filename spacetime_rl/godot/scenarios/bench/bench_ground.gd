class_name BenchGround
extends Node3D
## The floor with its walls, and the boxes that stand elsewhere every episode. All is placed in square cells.

const CELL_M := 2.0
const FEWEST_CELLS := 5
const WALL_M := 0.5
const WALL_HEIGHT_M := 2.0
const BOX := Vector3(1.2, 1.5, 1.2)

## Edge of the floor, metres.
var edge_m := 0.0

var _cells := 0
var _boxes: Array[StaticBody3D] = []
# Cells in the order in which they are taken: by the boxes, by the walkers, then those nobody took.
var _order := PackedInt32Array()
var _taken := 0


## Make room for `players`: 16 square metres and half a box for each.
func build(players: int) -> void:
	_cells = maxi(FEWEST_CELLS, ceili(2.0 * sqrt(players)))
	edge_m = _cells * CELL_M
	_order.resize(_cells * _cells)
	_add_slab(Vector3(edge_m, WALL_M, edge_m), Vector3(0.0, -WALL_M / 2.0, 0.0))
	for side: int in [-1, 1]:
		var away := side * (edge_m + WALL_M) / 2.0
		_add_slab(Vector3(WALL_M, WALL_HEIGHT_M, edge_m), Vector3(away, WALL_HEIGHT_M / 2.0, 0.0))
		_add_slab(Vector3(edge_m, WALL_HEIGHT_M, WALL_M), Vector3(0.0, WALL_HEIGHT_M / 2.0, away))
	for i: int in maxi(4, players >> 1):
		_boxes.append(_add_slab(BOX, Vector3.ZERO))


## Shuffle the cells and stand the boxes in the first of them.
func scatter(rng: RandomNumberGenerator) -> void:
	for cell: int in _order.size():
		var other := rng.randi_range(0, cell)
		_order[cell] = _order[other]
		_order[other] = cell
	_taken = 0
	for box: StaticBody3D in _boxes:
		var place := take_spot(rng) + Vector3(0.0, BOX.y / 2.0, 0.0)
		RLPhysics.reset_body(box, Transform3D(Basis(Vector3.UP, rng.randf_range(-PI, PI)), place))


## A spot on the floor in a cell that nothing was placed in yet.
func take_spot(rng: RandomNumberGenerator) -> Vector3:
	_taken += 1
	return _spot_in(_order[_taken - 1], rng)


## A spot on the floor in any cell without a box.
func spot(rng: RandomNumberGenerator) -> Vector3:
	return _spot_in(_order[rng.randi_range(_boxes.size(), _order.size() - 1)], rng)


func _spot_in(cell: int, rng: RandomNumberGenerator) -> Vector3:
	var corner := Vector3(cell % _cells, 0.0, floorf(float(cell) / _cells)) * CELL_M
	var inside := Vector3(rng.randf_range(0.9, 1.1), 0.0, rng.randf_range(0.9, 1.1)) * CELL_M / 2.0
	return corner + inside - Vector3(edge_m, 0.0, edge_m) / 2.0


func _add_slab(size: Vector3, at: Vector3) -> StaticBody3D:
	var shape := BoxShape3D.new()
	shape.size = size
	var collision := CollisionShape3D.new()
	collision.shape = shape
	var box := BoxMesh.new()
	box.size = size
	var mesh := MeshInstance3D.new()
	mesh.mesh = box
	var slab := StaticBody3D.new()
	slab.position = at
	slab.add_child(collision)
	slab.add_child(mesh)
	add_child(slab)
	return slab

class_name FieldObstacle
extends StaticBody3D
## One obstacle of an ObstacleField: a crate, a pillar or a wall, of another size in every episode.

enum Kind { CRATE, PILLAR, WALL }

const WALL_THICKNESS := 0.2
const HIGH_WALL := 2.4
const _AWAY := Vector3(0.0, -100.0, 0.0)
const _COLOURS: Array[Color] = [Color(0.72, 0.5, 0.3), Color(0.62, 0.64, 0.68), Color(0.5, 0.44, 0.62)]

var kind: Kind
## The footprint: everything within `radius` of the line between `from` and `to`, in metres, x and z of the field.
var from := Vector2.ZERO
var to := Vector2.ZERO
var radius := 0.0
## Half the length of that line.
var half_length := 0.0

var _height := 1.0
var _shape := CollisionShape3D.new()
var _box: BoxShape3D
var _cylinder: CylinderShape3D
# Null in a game without a window.
var _mesh: MeshInstance3D


func _init(of_kind: Kind = Kind.CRATE) -> void:
	kind = of_kind
	if kind == Kind.PILLAR:
		_cylinder = CylinderShape3D.new()
		_shape.shape = _cylinder
	else:
		_box = BoxShape3D.new()
		_shape.shape = _box
	add_child(_shape)
	if DisplayServer.get_name() != "headless":
		_add_mesh()


## Take a new size: 0 is the smallest, slimmest and lowest of its kind, 1 the opposite.
func resize(bulk: float, slimness: float, tallness: float) -> void:
	match kind:
		Kind.CRATE:
			_height = lerpf(0.6, 1.6, tallness)
			var longer := lerpf(0.7, 1.8, bulk)
			var shorter := longer * lerpf(0.5, 1.0, slimness)
			_box.size = Vector3(longer, _height, shorter)
			half_length = 0.5 * (longer - shorter)
			radius = shorter * sqrt(0.5)
		Kind.PILLAR:
			_height = lerpf(1.8, 3.0, tallness)
			_cylinder.height = _height
			_cylinder.radius = lerpf(0.25, 0.6, bulk)
			half_length = 0.0
			radius = _cylinder.radius
		Kind.WALL:
			_height = lerpf(0.5, 2.2, tallness)
			_box.size = Vector3(lerpf(2.0, 5.0, bulk), _height, WALL_THICKNESS)
			half_length = 0.5 * (_box.size.x - WALL_THICKNESS)
			radius = WALL_THICKNESS * sqrt(0.5)


## Take the size of a high wall between two points that are `length` metres apart; where two of them meet is no gap.
func stretch(length: float) -> void:
	_height = HIGH_WALL
	_box.size = Vector3(length + WALL_THICKNESS, _height, WALL_THICKNESS)
	half_length = 0.5 * length
	radius = WALL_THICKNESS * sqrt(0.5)


## Think of it as standing somewhere; its body stays where it is until `stand`.
func plan(spot: Vector2, yaw: float) -> void:
	var along := Vector2(cos(yaw), -sin(yaw)) * half_length
	from = spot - along
	to = spot + along


## Bring the body to where it is planned.
func stand() -> void:
	var middle := (from + to) / 2.0
	var along := to - from
	var yaw := atan2(-along.y, along.x)
	_shape.disabled = false
	visible = true
	RLPhysics.reset_body(self, Transform3D(Basis(Vector3.UP, yaw), Vector3(middle.x, _height / 2.0, middle.y)))
	if _mesh != null:
		_show_size()


## Take the body out of the world for this episode.
func put_away() -> void:
	_shape.disabled = true
	visible = false
	RLPhysics.reset_body(self, Transform3D(Basis.IDENTITY, _AWAY))


## Metres between its footprint and that of another, or less than 0 where they overlap; `enough` cuts the work short.
func gap_to(other: FieldObstacle, enough: float) -> float:
	var rough := (from + to).distance_to(other.from + other.to) / 2.0
	rough -= half_length + other.half_length + radius + other.radius
	if rough >= enough:
		return rough
	var nearest := Geometry2D.get_closest_points_between_segments(from, to, other.from, other.to)
	return nearest[0].distance_to(nearest[1]) - radius - other.radius


## Metres between its footprint and a point.
func gap_to_point(point: Vector2) -> float:
	return Geometry2D.get_closest_point_to_segment(point, from, to).distance_to(point) - radius


## Whether somebody `wide` metres wide cannot walk straight from one point to another for this obstacle.
func blocks(start: Vector2, end: Vector2, wide: float) -> bool:
	var nearest := Geometry2D.get_closest_points_between_segments(start, end, from, to)
	return nearest[0].distance_to(nearest[1]) < radius + wide / 2.0


func _add_mesh() -> void:
	_mesh = MeshInstance3D.new()
	var material := StandardMaterial3D.new()
	material.albedo_color = _COLOURS[kind]
	_mesh.material_override = material
	if kind == Kind.PILLAR:
		_mesh.mesh = CylinderMesh.new()
	else:
		_mesh.mesh = BoxMesh.new()
	add_child(_mesh)


func _show_size() -> void:
	if kind == Kind.PILLAR:
		var cylinder := _mesh.mesh as CylinderMesh
		cylinder.height = _cylinder.height
		cylinder.top_radius = _cylinder.radius
		cylinder.bottom_radius = _cylinder.radius
	else:
		(_mesh.mesh as BoxMesh).size = _box.size

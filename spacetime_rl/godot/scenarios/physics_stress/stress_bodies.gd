class_name StressBodies
extends Node3D
## The supply of rigid bodies: four shapes on four collision layers. Those that are not in use stand aside, and still.

const SHAPES := 4
## Collision layer of the first shape; the room is on the first layer.
const FIRST_LAYER := 1
const EDGE := 0.4
const _ASIDE := Vector3(0.0, -50.0, 0.0)
const _COLOURS: Array[Color] = [
	Color(0.85, 0.4, 0.25), Color(0.25, 0.55, 0.85), Color(0.9, 0.75, 0.25), Color(0.4, 0.7, 0.4)
]

## How many are in use: the first ones.
var used := 0

var _bodies: Array[RigidBody3D] = []
var _shapes: Array[Shape3D] = []
var _meshes: Array[PrimitiveMesh] = []


## Make them all, once.
func build(count: int) -> void:
	_make_shapes()
	for i: int in count:
		var body := RigidBody3D.new()
		body.name = "Body%d" % i
		var collision := CollisionShape3D.new()
		collision.shape = _shapes[i % SHAPES]
		var view := MeshInstance3D.new()
		view.mesh = _meshes[i % SHAPES]
		body.add_child(collision)
		body.add_child(view)
		add_child(body)
		_bodies.append(body)


## Put all aside.
func clear() -> void:
	used = 0
	for body: RigidBody3D in _bodies:
		body.collision_layer = 0
		body.collision_mask = 0
		body.visible = false
		RLPhysics.reset_body(body, Transform3D(Basis.IDENTITY, _ASIDE))
		RLPhysics.hold(body, Transform3D(Basis.IDENTITY, _ASIDE))


## Let bodies fall from random places above a square of this half edge; no more than there are. Returns how many.
func drop(count: int, half_edge: float, rng: RandomNumberGenerator) -> int:
	var fresh := mini(count, _bodies.size() - used)
	for i: int in fresh:
		var body := _bodies[used]
		body.collision_layer = 1 << (FIRST_LAYER + used % SHAPES)
		body.collision_mask = (1 << (FIRST_LAYER + SHAPES)) - 1
		body.visible = true
		var turn := Quaternion.from_euler(Vector3(rng.randf(), rng.randf(), rng.randf()) * TAU)
		var at := Vector3(
			rng.randf_range(-half_edge, half_edge), rng.randf_range(1.0, 5.0), rng.randf_range(-half_edge, half_edge)
		)
		RLPhysics.reset_body(body, to_global_frame(Transform3D(Basis(turn), at)))
		used += 1
	return fresh


## Give the latest bodies, at least one, this velocity.
func throw_latest(count: int, at_velocity: Vector3) -> int:
	var thrown := mini(maxi(count, 1), used)
	for i: int in thrown:
		_bodies[used - 1 - i].linear_velocity = at_velocity
	return thrown


## A body in use.
func body_at(i: int) -> RigidBody3D:
	return _bodies[i]


## How many bodies in use have this shape, and so are on its collision layer.
func count_on_layer(shape: int) -> int:
	return floori((used + SHAPES - 1 - shape) / float(SHAPES))


## A place in the arena as the engine wants it.
func to_global_frame(place: Transform3D) -> Transform3D:
	return global_transform * place


func _make_shapes() -> void:
	var box := BoxShape3D.new()
	box.size = Vector3.ONE * EDGE
	var ball := SphereShape3D.new()
	ball.radius = EDGE / 2.0
	var capsule := CapsuleShape3D.new()
	capsule.radius = EDGE / 3.0
	capsule.height = EDGE * 1.5
	var drum := CylinderShape3D.new()
	drum.radius = EDGE / 2.0
	drum.height = EDGE
	_shapes = [box, ball, capsule, drum]
	var box_mesh := BoxMesh.new()
	box_mesh.size = box.size
	var ball_mesh := SphereMesh.new()
	ball_mesh.radius = ball.radius
	ball_mesh.height = EDGE
	var capsule_mesh := CapsuleMesh.new()
	capsule_mesh.radius = capsule.radius
	capsule_mesh.height = capsule.height
	var drum_mesh := CylinderMesh.new()
	drum_mesh.top_radius = drum.radius
	drum_mesh.bottom_radius = drum.radius
	drum_mesh.height = EDGE
	_meshes = [box_mesh, ball_mesh, capsule_mesh, drum_mesh]
	for i: int in SHAPES:
		var paint := StandardMaterial3D.new()
		paint.albedo_color = _COLOURS[i]
		_meshes[i].material = paint

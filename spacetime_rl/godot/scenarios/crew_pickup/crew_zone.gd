class_name CrewZone
extends LandingZone
## A pickup: the pilot brings the craft down, then the walker steps out, fetches the stranded crew and brings it aboard.
##
## The walker waits until the touchdown. Where there is none, or it is a crash, it ends without having walked.

## No boulder nearer than this to the middles of pad and stranded crew, in metres.
const CLEAR_OF_PAD := 7.0
const CLEAR_OF_CREW := 3.0
const BOULDERS_WITHIN := 18.0
## Where boulders lie that are not needed, under the ground.
const STORE := Vector3(0.0, -100.0, 0.0)

@export var walker: CrewWalker
@export var stranded: Node3D
@export var boulders: Array[StaticBody3D] = []

var rules: CrewParams

var _gap := 0.0
var _picked_up := false


func _build() -> void:
	super()
	rules = params as CrewParams
	walker.zone = self


func _begin_episode() -> void:
	super()
	_picked_up = false
	stranded.position = _spot(rules.stranded_min_m, rules.stranded_max_m)
	for i: int in boulders.size():
		var place := STORE if i >= rules.boulders else _spot_for_boulder()
		RLPhysics.reset_body(boulders[i], Transform3D(Basis(Vector3.UP, rng.randf_range(-PI, PI)), place))
	walker.go_aboard()
	walker.agent.wait()


func _tick(delta: float) -> void:
	super(delta)
	if walker.agent.active:
		_watch_walker()


func _end_decision() -> void:
	super()
	if walker.agent.active:
		_pay_walker()


func _landmarks() -> Dictionary[StringName, Vector3]:
	return super().merged({&"stranded": stranded.global_position})


func _landmark_radii() -> Dictionary[StringName, float]:
	return {&"stranded": rules.reach_m}


## Where the walker has to go now: to the stranded crew, then back to the craft. Arena coordinates.
func walkers_goal() -> Vector3:
	return crafts[0].global_position if _picked_up else stranded.global_position


## Whether the walker has the stranded crew with it.
func has_picked_up() -> bool:
	return _picked_up


## Height of ground or pad under a place of the arena.
func surface_at(place: Vector3) -> float:
	var from_pad := place - pads[0].global_position
	if Vector2(from_pad.x, from_pad.z).length() < LandingPad.RADIUS:
		return pads[0].global_position.y
	var here := place - ground.global_position
	return ground.global_position.y + ground.height_at(here.x, here.z)


func _touch_down(i: int) -> void:
	super(i)
	if crafts[i].agent.get_metric(&"crash") > 0.0:
		walker.agent.end(false)
		return
	RLPhysics.hold(crafts[i], crafts[i].global_transform)
	walker.step_out(crafts[i])
	walker.agent.wake()
	_gap = _walkers_gap()


func _lose(i: int) -> void:
	super(i)
	walker.agent.end(false)


func _time_out() -> void:
	super()
	if walker.agent.active:
		walker.agent.add_reward(&"timeout", rules.reward_timeout)


func _bodies() -> Array[PhysicsBody3D]:
	var bodies := super()
	bodies.append_array(boulders)
	bodies.append(walker)
	return bodies


func _move_all(by: Vector3) -> void:
	super(by)
	stranded.global_position += by


func _watch_walker() -> void:
	if not _picked_up:
		if walker.grip.value == 1 and _walkers_gap() < rules.reach_m:
			_pay_walker()
			_picked_up = true
			_gap = _walkers_gap()
			walker.agent.add_reward(&"pick_up", rules.reward_pick_up)
			walker.agent.set_metric(&"picked_up", 1.0)
		return
	stranded.global_position = walker.global_position + walker.global_basis.z
	if _walkers_gap() < rules.hatch_m:
		_pay_walker()
		walker.agent.add_reward(&"aboard", rules.reward_aboard)
		walker.agent.end(true)


func _pay_walker() -> void:
	var gap := _walkers_gap()
	walker.agent.add_reward(&"walk", rules.reward_walk * (_gap - gap))
	_gap = gap


func _walkers_gap() -> float:
	var to := walkers_goal() - walker.global_position
	return Vector2(to.x, to.z).length()


func _spot_for_boulder() -> Vector3:
	for i: int in 30:
		var spot := _spot(CLEAR_OF_PAD, BOULDERS_WITHIN)
		if spot.distance_to(stranded.position) > CLEAR_OF_CREW:
			return spot
	return STORE


## Somewhere around the pad, on the ground.
func _spot(nearest: float, farthest: float) -> Vector3:
	var spoke := Vector3(rng.randf_range(nearest, farthest), 0.0, 0.0).rotated(Vector3.UP, rng.randf_range(-PI, PI))
	var place := pads[0].position + spoke
	return Vector3(place.x, surface_at(place), place.z)

extends RLTest
## The reward terms, tick by tick.

var _agent := RLAgent.new()
var _body := CharacterBody3D.new()
var _target := Marker3D.new()


func test_progress_pays_metres_that_came_closer_and_takes_them_back() -> void:
	var term := RLProgressReward.new()
	term.target = _target
	_give(term)
	_body.position.x = 4.0
	term.begin_episode()
	_body.position.x = 3.0
	check_close(term.amount(0.1), 1.0, "closer")
	_body.position.x = 3.5
	check_close(term.amount(0.1), -0.5, "away")
	check_close(term.amount(0.1), 0.0, "standing")


func test_distance_pays_being_near_by_the_second() -> void:
	var term := RLDistanceReward.new()
	term.target = _target
	term.reach_m = 4.0
	_give(term)
	_body.position.x = 1.0
	check_close(term.amount(0.1), 0.075, "near")
	_body.position.x = 9.0
	check_close(term.amount(0.1), 0.0, "far")


func test_time_pays_by_the_second_and_the_weight_makes_it_a_cost() -> void:
	var term := RLTimeReward.new()
	_give(term)
	check_close(term.amount(0.25), 0.25, "amount")
	check(term.weight < 0.0, "time is not a cost by default")


func test_a_contact_pays_once_until_it_is_broken() -> void:
	add_child(TouchRoom.make(6.0))
	var shape := CollisionShape3D.new()
	shape.shape = SphereShape3D.new()
	_body.add_child(shape)
	var term := RLContactReward.new()
	_give(term)
	_body.motion_mode = CharacterBody3D.MOTION_MODE_FLOATING
	_body.position = Vector3(2.0, 1.0, 0.0)
	await wait_ticks(2)
	var paid := 0.0
	for i: int in 60:
		_body.velocity = Vector3(3.0, 0.0, 0.0)
		_body.move_and_slide()
		paid += term.amount(0.1)
	check_close(paid, 1.0, "leaning against the wall")
	_body.velocity = Vector3(-30.0, 0.0, 0.0)
	_body.move_and_slide()
	check_close(term.amount(0.1), 0.0, "leaving the wall")
	for i: int in 60:
		_body.velocity = Vector3(3.0, 0.0, 0.0)
		_body.move_and_slide()
		paid += term.amount(0.1)
	check_close(paid, 2.0, "touching it again")


func _give(term: RLRewardTerm) -> void:
	add_child(_target)
	add_child(_body)
	_body.add_child(_agent)
	_agent.reward_terms = [term]
	_agent.setup(RLArena.new().core, 0)
	_agent.arena.queue_free()

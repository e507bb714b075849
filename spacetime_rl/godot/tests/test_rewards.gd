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


func test_new_places_pay_once_an_episode_and_less_the_more_often_they_are_reached() -> void:
	var term := RLNoveltyReward.new(2.0)
	_give(term)
	add_child(_agent.arena)
	var paid: Array[float] = []
	for episode: int in 3:
		_body.position = Vector3(1.0, 0.0, 1.0)
		term.begin_episode()
		check_close(term.amount(0.1), 0.0, "where it began")
		_body.position.x = 3.0
		paid.append(term.amount(0.1))
		check_close(term.amount(0.1), 0.0, "staying")
		_body.position.y = 50.0
		check_close(term.amount(0.1), 0.0, "above the same cell")
		_body.position.x = 1.0
		check_close(term.amount(0.1), 0.0, "coming back")
	check_close(paid[0], 1.0, "the first episode there")
	check_close(paid[1], 1.0 / sqrt(2.0), "the second")
	check_close(paid[2], 1.0 / sqrt(3.0), "the third")


func test_where_places_alone_pay_other_rewards_are_only_summed() -> void:
	var term := RLTimeReward.new()
	_agent.reward_names = [&"goal"]
	_give(term)
	_agent.active = true
	_agent.ledger.only = RLNoveltyReward.new()
	_agent.add_reward(&"goal", 5.0)
	_agent.ledger.pay_terms(0.5)
	check_close(_agent.ledger.take_reward(), 0.0, "reward")
	check_close(_agent.ledger.values()[0], 5.0, "the sum of the goal")
	_agent.ledger.only = term
	_agent.ledger.pay_terms(0.5)
	check(_agent.ledger.take_reward() != 0.0, "the term that pays alone paid nothing")


func _give(term: RLRewardTerm) -> void:
	add_child(_target)
	add_child(_body)
	_body.add_child(_agent)
	_agent.reward_terms = [term]
	_agent.setup(RLArena.new().core, 0)
	_agent.arena.queue_free()

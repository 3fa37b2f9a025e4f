"""What words mean to the rules. English, matched without regard to case; kept in one place so that they can be read."""

from __future__ import annotations

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# Redirecting Claude: any of these makes a later turn a correction.
CORRECTION = _any(
    r"\b(?:that|this|it)(?:'s| is| was) (?:not|wrong|incorrect|the wrong|still)\b",
    r"\bwrong (?:file|place|one|way|folder|branch|table|channel|person|date|direction|number|name|address|mail)",
    r"^(?:no[,.! ]+)?(?:that's |it's |this is )?wrong\b|\bnot what i\b|\bi didn't (?:ask|mean|want|say)\b",
    r"\bi did not (?:ask|mean|want|say)\b|\bi never (?:asked|said)\b|\bi (?:meant|said)\b",
    r"\bi asked (?:you )?(?:for|to)\b|\bi told you\b|\bas i said\b|\b(?:you )?misunder(?:stood|stand)",
    r"\byou(?:'re| are) guessing\b|\bstop guessing\b",
    r"\byou (?:left|forgot|missed|skipped|broke|ignored|deleted|removed|overwrote|changed the wrong|"
    r"should have|were supposed)\b",
    r"\bstill (?:broken|fails?|failing|not|wrong|the same|doesn't|does not|isn't|there|shows|crash\w*|too|says)\b",
    r"\b(?:doesn't|does not|didn't|did not|isn't|won't) work(?:ing)?\b",
    r"\bsame (?:error|problem|issue|thing) (?:again|as)\b|\b(?:your|that|the last) (?:change|edit|fix) broke\b",
    r"\b(?:undo|revert|roll back|put (?:it|that|this) back|take (?:it|that|this) (?:back|out))\b",
    r"(?<!took )(?<!took far )(?<!took way )\btoo (?:many|much|long|short|formal|solemn|big|small|pushy|stiff|"
    r"generic|wordy|salesy|complicated|verbose|cute)\b(?!\?)",
    r"\bnot so \w+|\bless (?:formal|pushy|solemn|salesy|wordy|text)\b",
    r"^(?:nope\b|nah\b|stop\b(?! the| at)|wait\b[,.! ]|hold on\b|hang on\b)",
    r"^not\b(?! (?:sure|bad|now|really|a problem|necessary|needed|yet|that i|urgent|important|today|at all))",
    r"^[^?!\n]{2,90}, not (?:the |a |an |by |on |in |from |page )?['$\w][^?]*$",
    r"^(?:please )?(?:don't|do not|never)\b(?! (?:worry|forget|mind|know|think|need|have|see|bother|wait))",
    r"\bdon't (?:guess|retry|just|assume|invent|make (?:it |things |this )?up|touch)\b|\byou don't have to\b",
    r"\byou (?:count|use|mix|assume|invented|repeat|confuse)(?:ed|d)?\b|\bcan't be right\b",
    r"^(?:please )?leave (?!it out).{1,40} out\b|^too \w+\b",
    r"\b(?:is|are|was|were|sounds?|looks?|reads?|feels?) (?:\w+ )?wrong\b|^no \w+!|\bno \w+!$|\btry again\b",
    r"^(?:hm+|ok(?:ay)?|nice|good|great|close|almost|better|yes)[,.]? but\b|^(?:nearly|almost|close)[,.! ]",
    r"^without (?:the|a|any)\b|^(?:again|actually)[:,] |\bno!!|!!(?:\s|$)|\bwhy (?:did|do|are|would) you\b",
    r"\bread (?:the |claude\.md |it )?again\b|\bnot again\b",
    r"\b(?:instead of|rather than) (?:the|that|this|what)\b|^(?:use|try|do|put|take|edit) .{1,60}\binstead\b",
    r"^(?:drop|cut|remove|lose) the (?:last|first|second|joke|intro|ending|part|line|sentence|exclamation|emoji)",
)
# A `no` that opens a turn redirects, unless it answers Claude's question.
OPENS_WITH_NO = _any(
    r"^no\b(?!\s+(?:problem|worries|rush|need|idea))",
)

PRAISE = _any(
    r"\bthank(?:s| you)\b(?! (?:note|mail|email|card|letter|every|her|him|them))|\bthx\b|\bcheers\b",
    r"\bperfect(?:ly)?\b|\bexcellent\b|\bbrilliant\b|\bawesome\b|\bfantastic\b|\bwonderful\b|\blovely\b",
    r"\bbeautiful\b|\bgreat\b|\bexactly\b|\blove (?:it|this|that)\b|\bwell done\b",
    r"\bgood (?:catch|job|work|thing|find|one)\b|\bnice\b",
    r"\b(?:works|worked) (?:for me|now|great|like|fine|perfectly|well)\b|\b(?:it|that|this) works\b",
    r"\bthat's it\b|^(?:it )?works\b|\b(?:is|went|are) out\b|^(?:clear|clean|out|online|live|back)\b[.,]",
    r"\bcovers it\b|\bthat's the (?:one|tone|way|idea)\b|\bphew\b|\bfinally\b|\bimpressive\b|\bthat's better\b",
    r"\bmuch (?:better|faster|nicer|clearer|easier)\b|^(?:ha|haha|yes|yay|wow)!|^ha, yes\b",
    r"\ball (?:good|green)\b|\blooks (?:good|great|right|perfect)\b|\bspot on\b|\blgtm\b",
    r"\b(?:is|are|was|were|it's|that's) (?:good|great|fine|right|perfect|what i (?:wanted|needed))\b",
    r"\bmuch better\b",
)
APPROVAL = _any(
    r"^(?:ok(?:ay)?|yes|yep|yeah|yup|sure|fine|good|right|go|do it|sounds good|please do|agreed?|ship it|"
    r"send it|correct)\b",
)
FRUSTRATION = _any(
    r"!!|\bargh+\b|\bugh\b|\bwtf\b|\bffs\b|\bcome on\b|\bseriously\?|\bannoying\b|\bfrustrat\w+|\buseless\b",
    r"\bridiculous\b|\bhow (?:many|often) (?:times|do i)\b|\b(?:third|fourth|fifth|hundredth) time\b",
    r"\bi (?:already )?(?:told|said) .{0,40}\b(?:already|before|twice|again)\b|\bforget it\b|\bgive up\b",
    r"\bgiving up\b|\bcost me\b|\bwast(?:e|ed|ing) (?:of|my|an|another)\b|\bwhat is it with\b",
    r"\b(?:again|still) wrong\b|\bwrong again\b",
)
COMPLAINT = _any(
    r"\bwrong\b|\bbroken\b|\bfails?\b|\bfailed\b|\bnot what\b|\bdoesn't work\b|\bdoes not work\b",
    r"\bnot (?:good|right|enough)\b|\bworse\b|\bbad\b",
)

# How a session ended, by the person's last words.
GAVE_UP = _any(
    r"\bstill (?:broken|fail\w*|not work\w*|wrong|the same|doesn't|does not|isn't|crash\w*|no luck|times out)",
    r"\bforget (?:it|about it|this)\b|\bgiv(?:e|ing) up\b|\bnever ?mind\b|\bscrap (?:it|this|that|the)\b",
    r"\bno luck\b|\brevert(?:ing|ed)? (?:everything|it all|all|the lot|this|the whole)\b",
    r"\bi(?:'ve| have)? (?:reverted|undid|undone|rolled (?:\w+ ){0,4}back)\b",
    r"\bthrow(?:ing)? (?:it|this|that|all) away\b",
    r"\b(?:this|that|it)(?:'s| is) (?:wrong|broken|useless|a mess|not working)(?: again)?\b|\bwrong again\b",
    r"\b(?:doesn't|does not|didn't|did not|won't) work\b|\bwaste of time\b|\bgetting nowhere\b",
    r"\bgo(?:ing)? nowhere\b|\bdead end\b",
    r"\bi(?:'ll| will) (?:just )?do it (?:by hand|myself|manually) (?:then|instead)\b|\bnot worth it\b",
    r"\bstop (?:here|it)\b.{0,40}\b(?:broken|wrong|worse)\b|\bcall(?:ing)? it off\b",
    r"\bcancel(?:led|ling)? (?:it|this|the whole)\b|\bnothing (?:works|worked)\b",
    r"\bnone of (?:it|this|that|them) (?:works?|is right)\b",
)
LEFT_OPEN = _any(
    r"\b(?:first|one|second|other) half\b|\bhalf of (?:it|them|this)\b",
    r"\b(?:one|two|three|four|some|\d+) out of (?:\w+)\b|\bhalf[- ]done\b",
    r"\b(?:the )?(?:rest|others?|remaining\w*|remainder)\b.{0,40}\b(?:tomorrow|later|another|next|when|monday|"
    r"tuesday|wednesday|thursday|friday|weekend)\b",
    r"\b(?:finish|continue|pick (?:it|this|that) up|resume|do (?:it|that|this)|look (?:at|into)|carry on|"
    r"go on)\b.{0,60}\b(?:tomorrow|later|another (?:day|time)|next (?:week|time)|when i|on (?:mon|tues|wednes|"
    r"thurs|fri|satur|sun)day|tonight)\b",
    r"\bleav(?:e|ing) it (?:as it is|there|for now|at that|here|open)\b|\bleave the rest\b",
    r"\b(?:not|isn't|nothing is) (?:finished|done|built|ready|complete|sent) yet\b",
    r"\bnot what i (?:hoped|expected)\b|\bnot a clear\b|\bbetter than no(?:ne|thing)\b|\bto be continued\b",
    r"\bout of time\b|\bno time\b|\bpark (?:it|this)\b|\bon hold\b|\bbuys (?:me|us)\b",
    r"\bcome back to (?:it|this)\b|\bstop here for (?:now|today)\b|\benough for (?:today|now)\b",
    r"\bthat has to wait\b|\b(?:still|are|is) (?:missing|open|to do)\b",
)
LEAVING = _any(
    r"\b(?:have|has|got|need|gotta) (?:to )?(?:run|leave|go|head out|dash|catch)\b(?! (?:the|a|with|over|"
    r"through|back over|to the (?:next|second)))",
    r"\bgotta (?:run|go)\b|\bmy (?:train|flight|battery|bus)\b|\bis at the door\b|\bclosing the (?:laptop|lid)\b",
    r"\bin a meeting now\b|\bmust go\b",
)
ALMOST = _any(
    r"\bmostly\b|\bwe'll see\b|\bcan wait\b|\bas a start\b|\bstill don't know\b|\bi'll (?:add|see how)\b",
    r"\bgood enough\b|\balmost\b|\bapart from\b|\bexcept (?:for|the|that)\b|\bnearly\b|\bclose enough\b",
    r"\bwill do\b",
    r"\bi(?:'ll| will) (?:take it from here|do the (?:rest|last)|finish|fix the|handle the|sort the|adjust|"
    r"tweak|polish|correct)",
    r"\bmyself\b|\bby hand\b|\bworkaround\b|\bfor now\b|\bone (?:small|little|last) (?:thing|detail|issue)\b",
    r"\bminor\b|\b(?:not|isn't) (?:perfect|ideal|great),? but\b",
    r"\bcan (?:do|look at|check|finish|send) (?:it|that|the rest)\b|^no, i(?:'ll| will)\b",
)
ALL_DONE = _any(
    r"\b(?:done|sent|shipped|merged|deployed|published|signed|booked|submitted|pushed|released|closing this|"
    r"closed|finished|sorted|solved|fixed|ready|live)\b",
    r"\bship it\b|\ball (?:set|yours|good|there)\b",
    r"\b(?:sending|posting|pasting|printing|forwarding) (?:it|this|that)\b",
    r"\bi'll (?:paste|send|print|post|use|take) (?:it|that|this|them)\b",
    r"\bthat(?:'s| is) (?:all|everything|what i (?:needed|wanted))\b|\bgood\b[.!]?$",
)
# Thanks, and then what is wrong all the same.
TAKEN_BACK = _any(
    r"\b(?:but|however|although|though|unfortunately|sadly)\b.{0,40}(?:\b(?:still|nothing|never|none)\b|n't\b)",
)
# Praise that opens a closing turn, without a `but`: nothing after it takes it back.
STRONG_PRAISE = _any(
    r"^(?:yes!|(?:ha,? |ok,? |yes,? |wow,? )?(?:perfect|great|exactly|lovely|excellent|brilliant|love it|"
    r"awesome|nice|beautiful|that's it|impressive|finally|very good|phew)\b)(?!.*\b(?:but|except|apart from|"
    r"though|although|however|unfortunately|sadly|for now|only)\b)",
)
SAYS_NOTHING = _any(
    r"^(?:(?:ok(?:ay)?|hm+|mh+m*|later|right|well|k|sure|so)[,.… ]*)+$",
)
REQUEST = _any(
    r"^(?:please |can you |could you |and |then )*(?:add|make|write|fix|change|put|move|show|list|check|find|run|send|"
    r"create|remove|delete|explain|tell|give|try|use|look|update|rename|search|do|continue|go on|keep|build|test)\b",
)
DECISION = _any(
    r"\bdecided\b|\bdecision\b",
    r"\blet's (?:go with|use|take|keep|plan|do|make|move|say|stay|drop|skip|start with|stick)\b",
    r"\bgo(?:ing)? with\b|\bwe(?:'ll| will) (?:go|use|take|keep|do|start|stay)\b|\bagree(?:d)? (?:to|on|with)\b",
    r"\bi(?:'d| would)? (?:choose|pick|prefer|want) (?:the|option|number)\b",
    r"\boption (?:[a-d]|\d|one|two|three)\b|^(?:the )?(?:first|second|third|former|latter)(?: one)?[.,!]?(?: |$)",
    r"\bmake it (?:\d|the|a)\b|\bthen (?:there must|it must|we must|we)\b|\bsettled\b|\bfinal answer\b",
    r"\bit(?:'s| is) (?:final|settled)\b",
)
# Work that the person themselves calls beside the point.
DISTRACTION = _any(
    r"\brabbit hole\b|\byak[- ]shav\w+|\bdistract\w+|\bprocrastinat\w+",
    r"\bshould(?:n't| not)? (?:really )?be (?:doing|working|writing|calling|spending)\b",
    r"\benough (?:system|tool\w*|infra\w*|script\w*|setup|tinkering|fiddling) (?:work|for)?\b",
    r"\bwast(?:e|ed|ing) (?:of|my|an|another|the|half) (?:\w+ )?(?:time|hour|morning|evening|day|afternoon)\b",
    r"\bcost me (?:an|a|two|three|half|the) (?:\w+ )?(?:hour|morning|evening|day|afternoon)",
    r"\bdon't want to do (?:that|this) on a\b|\binstead of (?:the|my) (?:real|actual) work\b|\bbusywork\b",
    r"\btime sink\b|\bgetting carried away\b|\bfor fun\b|\bnobody needs\b",
    r"\bnot (?:really )?(?:important|urgent|what matters)\b",
)
NEW_TASK = _any(
    r"^(?:also|next|now|then|and (?:now|another|one more)|another (?:thing|one)|one more (?:thing|mail|task)|"
    r"separately|different (?:topic|thing|question)|new (?:topic|task)|while (?:you're|we're) at it|"
    r"unrelated)\b",
)
NOTHING_FOUND = _any(
    r"\bno (?:results?|matches|hits|threads?|messages|entries|records)\b(?: found| for| were)?",
    r"\bnothing (?:found|matches|came (?:back|up)|there)\b|\b(?:could|can)(?:n't|not| not) find (?:any|a|the)\b",
    r"\b0 (?:results|matches|hits)\b|\bfound (?:nothing|none|no )",
)

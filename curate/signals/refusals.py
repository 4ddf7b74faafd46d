"""Answers that refuse, and answers that speak of being a machine.

Patterns are looked for where an answer begins, because "I can't help" further on is a line of a
story. What the question is about decides what a refusal is worth: see `refusal_kind`.
"""

from __future__ import annotations

import re

import polars as pl

from curate.registry import signal
from curate.text.answers import NEEDS, answers
from curate.text.lazy import regex

HEAD = 240  # characters of an answer in which a refusal begins
SHORT = 420  # characters up to which an answer that begins with a refusal is nothing else
QUOTED = 0.8  # share of an answer's words that stand in the question if it only corrects it
LONG = 700  # above it an answer that begins with a refusal goes on to help

# One of these is in the head of every answer that a pattern below finds: 30 ms for 52k answers.
_STEMS = (
    "sorry|apolog|can't|cannot|can’t|can not|unable|not able| ai | ai,|language model|an ai|"
    "large model|artificial intelligence|decline|afraid|comfortable|not allowed|not permitted|"
    "not programmed|not capable|not possible|gpt|n't have|not have|won't|will not|chatbot|"
    "machine|not appropriate|goes against|not equipped|not designed|refuse|as a robot|KI-|KI |"
    "Sprachmodell|leid|Leider|Ich kann|désol|Désol|regrette|ne peux pas|modèle|en mesure|d'IA|"
    "d’IA|qu'IA|qu’IA|siento|o puedo|modelo|lamento|Lamento|Desculp|Sinto|não posso|Não posso|"
    "não consigo|Mi dispiace|on posso|modello|spijt|taalmodel|kan ik niet|ik kan|Ik kan|языковая|"
    "языковой|не могу|ИИ|нейросеть|інтелект|抱歉|对不起|對不起|不好意思|无法|無法|不能|语言模型|"
    "語言模型|人工智能|人工智慧|AI助手|申し訳|できません|言語モデル|AIとして|人工知能|죄송|"
    "언어 모델|인공지능|AI로서|수 없|آسف|عذر|أعتذر|لا أستطيع|لا يمكنني|نموذج لغ|ذكاء|क्षमा|माफ|"
    "खेद|मॉडल|एआई|सकता|zgünüm|Maalesef|maalesef|Özür|yapay zeka|dil modeli|Przykro|Przepraszam|"
    "Niestety|nie mogę|Nie mogę|językowy|inteligencja|ledsen|Tyvärr|språkmodell|Xin lỗi|tiếc|"
    "không thể|mô hình|Maaf|tidak bisa|tidak dapat|model bahasa|Вибачте|На жаль|мовна|Omlouvám|"
    "Bohužel|jazykový|ขออภัย|ขอโทษ|ไม่สามารถ|Îmi pare|Din păcate|nu pot|Λυπάμαι|Συγγνώμη|"
    "γλωσσικό|Sajnálom|Sajnos|nyelvi|pahoillani|Valitettavasti|kielimalli|מצטער|סליחה|מודל שפה|"
    "متأسف|متاسف|sprogmodel|Beklager|beklager|sebagai ai|Unfortunately|regret|prefer not|"
    "rather not|appropriate for me|my programming|my guidelines|my polic|our guidelines|"
    "our polic|content polic|enough information|not trained|n't trained|n’t trained|"
    "never trained|no can do|for me to|enough context|enough details|"
    "sufficient information|sufficient context|more context|provide more|understand your|"
    "understand the question|impossi|imposib|unmöglich|nicht möglich|ablehnen|onmogelijk|"
    "niet mogelijk|ntschuldig|bedau|isculp|perdón|erdona|excusez|décliner|refuser|scusa|scuso|"
    "nfelizmente|perdão|вынужден|恕|something i c|No, I|no, i|невозможно"
).split("|")

_NOT = r"(?:can ?not|can['’]?t|could ?not|couldn['’]t|won['’]?t|will not|do not|don['’]?t)"
_SORRY = (
    r"(?:(?:oh,? |well,? |hello[,!.]? |hi[,!.]? )?(?:i['’]?\s?a?m |we['’]?re |we are )?(?:(?:so"
    r"|very|really|truly|"
    r"deeply|terribly) )?(?:sorry|afraid)(?: to (?:say|inform you)| about that| for (?:the|any) "
    r"(?:confusion|inconvenience))?|(?:i |we |my "
    r"|please accept my )?(?:sincere(?:ly)? )?apolog(?:ies|i[sz]e)"
    r"(?: for (?:the|any) (?:confusion|inconvenience))?|unfortunately|regrettably"
    r"|i regret(?: to (?:say|inform you|tell you))?)"
)
_SO = rf"(?:{_SORRY}[,.;:!]? ?(?:(?:but|however|that|as|to say)[, ]*)*)"
_MACHINE = (
    r"(?:an? )?(?:(?:text[- ]based|large|mere|computer|virtual|digital|online|pre-?trained"
    r"|simple) )*"
    r"(?:AI|A\.I\.|artificial intelligence|language model|large language model|LLM|GPT(?:-\d)?"
    r"|chatbot|chat bot|machine learning model|virtual assistant|computer program|machine"
    r"|neural network|bot)\b"
    r"(?:[- ](?:powered|based|trained|language|model|assistant|program|system|chatbot|bot"
    r"|by [A-Z]\w+|developed|created|made|designed)\b)*"
)
# What a machine says that it will not do. "I can't believe", "I cannot attend" are not among them.
_REFUSED = (
    r"(?:help(?! but)|assist|fulfil|comply|complete (?:this|that|the|your)|answer|respond to"
    r"|provide|generate|create|produce|do (?:that|this|so|it)\b|write (?:that|this|such|about"
    r"|content|an?\b|the|\w+ (?:about|on) (?:this|that|such|these))|engage"
    r"|participate|discuss|support (?:that|this|your|such)|process (?:this|that|your)|browse"
    r"|access|search"
    r"|open (?:links?|urls?|the link|web|files?|attach)|view|see (?:images?|the image|pictures?"
    r"|the picture|photos?|attach)|watch (?:videos?"
    r"|the video)|listen to|hear (?:audio|you\b|the)|play (?:music|songs?|videos?|audio|the)"
    r"|send (?:e-?mails?|messages?|an? (?:e-?mail|message|text))|perform|execute|fulfil"
    r"|accommodate|carry out|make (?:phone )?calls|make (?:that|a|any) (?:purchase|reservation"
    r"|booking|prediction)|predict|offer (?:medical|legal|financial|advice|an opinion|personal)"
    r"|give (?:you )?(?:medical|legal|financial|advice|an opinion|personal|information|out|that"
    r"|instructions)|share (?:personal|my|that|this|such|information)|have (?:a )?(?:personal"
    r"|opinions?|feelings?|preferences?|beliefs?|emotions?)|express (?:a "
    r"|my )?(?:personal )?(?:opinion|preference|view)|tell you|translate (?:this"
    r"|that|the)|recommend|promote|condone|encourage|draw|display|render|design"
    r"|set (?:up )?(?:an? )?(?:alarm|reminder|timer)s?|remember|proceed|continue with|verify"
    r"|retrieve|look up|check|determine|identify|summari[sz]e|analy[sz]e|describe|read (?:the|this"
    r"|that|files?)|visit|download|run (?:code|this|the)|interact|order|book (?:a|the|flights?)"
    r"|take (?:any )?(?:actions?|physical|part)|use|be of|work with|give)"
)
_ABLE = (
    rf"(?:i|we|this model|the model|the assistant)(?: |(?=['’]))(?:(?:just|simply|really|also"
    rf"|currently|personally|still|regretfully|respectfully|honestly) )*"
    rf"(?:{_NOT}|(?:a|'|’)?\s?m (?:just |simply |currently )?"
    r"(?:unable|not able|not capable of|not allowed|not permitted|not"
    r" programmed|not designed|not equipped|not in a position|not going|not comfortable"
    r"|not authori[sz]ed|incapable of)|am (?:just |simply |currently )?(?:unable|not able|not"
    r" allowed|not permitted|not capable of|not programmed|not designed|not equipped"
    r"|not in a position|not going|not comfortable|not authori[sz]ed|incapable of)|are (?:unable"
    r"|not able)|lack the (?:ability|capability|capacity)|do(?:n['’]?t"
    r"| not) (?:currently )?have (?:the |any )?(?:ability|capability|capacity"
    r"|capabilities|means|access|permission)|(?:must|have to|need to|will have to"
    r"|am going to) (?:decline|refuse)|(?:respectfully |politely )?(?:decline|refuse))"
    r"(?:,? (?:to|in|for|from))?(?: (?:(?:be able|directly|actually|physically|currently|really"
    r"|help|simply) ?(?:to)?|you (?:with|to)))*"
)

_PLAIN = (  # each is a refusal by itself, wherever it begins an answer
    rf"{_SO}?(?:{_MACHINE}[^.]{{0,60}}?)?{_ABLE} (?:to )?{_REFUSED}"
    rf"|{_SO}?{_ABLE.replace(' (?:to )?', '')}(?: to)? ?(?:your |this |that |such "
    rf"|the )?(?:request|task|instruction|question|prompt|query)|{_SO}?(?:i|we) (?:(?:must|have to"
    rf"|need to|will have to|respectfully|politely"
    rf"|am going to) )+(?:decline|refuse)|{_SO}?(?:(?:this|the|your|that|such an?"
    rf"|these) (?:type of |kind of )?(?:request|task"
    rf"|instruction|question|prompt|query|content)s?|it|this|that) (?:(?:can ?not"
    rf"|can['’]t) be (?:fulfilled|completed|answered|done|executed|performed|processed|generated"
    rf"|handled)|(?:is|are) (?:not (?:possible for (?:me|an?|the|this)|suitable|appropriate"
    rf"|something i can)|beyond my|against my|outside (?:of )?my|inappropriate|unethical"
    rf"|a visual task)|goes against|violates|(?:involves|requires) [^.]{{3,90}}(?:can ?not"
    rf"|can['’]t|not (?:able|possible|capable)))|{_SORRY}[,.;:!]? ?(?:but )?(?:this|the|your"
    rf"|that) (?:request|task|instruction|question"
    rf"|prompt) (?:involves|requires|is|cannot|can['’]t)"
    r"|unable to (?:perform|complete|generate|create|fulfil|provide|answer|process|execute|help"
    r"|assist)\b|(?:sorry|no)[,.!]? (?:no )?output possible|due to (?:the|privacy|my|ethical"
    r"|technical)[^.]{3,60} i can ?not"
    rf"|{_SO}?i do(?:n['’]?t| not) feel comfortable|{_SO}?i do(?:n['’]?t"
    rf"| not) (?:currently )?have access to (?:the internet|real[- ]time|live|current|external"
    rf"|personal|the web|that|this|your|any|up-to-date)"
    rf"|{_SO}?i(?:['’]m| am)? (?:not|un)[- ]?(?:able|comfortable|willing|allowed"
    r"|permitted)[^.]{0,20} (?:help|assist|discuss|answer|provid|engag|fulfil|brows|access"
    r"|generat|creat|respond|offer|shar|writ)"
    rf"|{_SO}?(?:that|this|it)(?:['’]s| is) something (?:that )?(?:i|we) (?:{_NOT}|am (?:not able"
    rf"|unable)|['’]?m (?:not able|unable))"
    rf"|no[,.!]? (?:i|we) (?:{_NOT}|refuse to) (?:answer|respond to|help with|comply with|discuss)"
    rf" (?:this|that|your|such)\b"
    rf"|{_SO}?(?:that|this|it)(?:['’]s| is) (?:not|n['’]t) (?:something|a (?:topic|request|question"
    r"|task)) (?:that )?i(?:['’]m| am| can| could| will)"
    rf"|{_SO}?i(?:['’]d| would) (?:prefer|rather) not (?:to )?(?:answer|say|help|assist|discuss"
    r"|comment|write|respond)|(?:it (?:would|is) not|it['’]s not|it wouldn['’]t) (?:be )?(?:right"
    r"|appropriate|ethical|possible|responsible) for me to"
    rf"|as (?:a|an) (?:(?:responsible|ethical|helpful|safe|harmless) "
    rf"|(?:[\w-]+ )?assistant )[^.!?]{{0,30}}?,? ?i (?:can ?not"
    r"|can['’]t|must|have to|need to|won['’]t|will not|am unable|decline|refuse)"
    rf"|{_SO}?(?:my|our) (?:\w+ )?(?:programming|guidelines|polic(?:y|ies)|training"
    r"|instructions) (?:(?:do|does)(?: not|n['’]t) (?:allow|permit|let)|prevents?|prohibits?"
    rf"|forbids?) (?:me|us|this|that|it)\b|{_SO}?(?:that|this|it)(?:['’]s| is| would be) against"
    r" (?:my|our|openai['’]s) (?:\w+ )?(?:programming|guidelines|polic(?:y|ies)|rules)"
    rf"|{_SO}?i(?:['’]m| am|['’]ve| have| was|)(?:n['’]t| not| never) (?:been )?(?:trained|built"
    rf"|programmed|designed|made|created|meant) (?:to|for) (?:answer|respond|help|assist|handle"
    rf"|discuss|deal with|process|generat|provid|produc|writ|giv|perform|do (?:this|that|such))"
    rf"|{_SO}?it (?:would be|is) (?:inappropriate|improper|wrong|unethical|irresponsible) for me to"
    rf" (?:{_REFUSED}|respond|reply|comment|speculate)|{_SORRY}\W{{1,4}}no can do\b"
    # Whatever stands between: "sorry that you feel so, but", "sorry, as this is private,".
    rf"|(?:(?:i['’]?\s?a?m |we['’]?re )?(?:(?:so|very|really|truly|deeply|terribly) )?sorry"
    rf"|(?:i |we |my )?apolog(?:ies|i[sz]e))\b[^.!?\n]{{1,120}}?"
    rf"(?:,? but|\b(?:as|because|since|due to)\b[^.!?\n]{{3,90}}?) {_ABLE} (?:to )?"
    rf"(?:{_REFUSED}|reproduce|share|honou?r|address)"
    # Too little is said: doubtful, by _ASKS.
    rf"|{_SO}?(?:(?:i|we) do(?: not|n['’]t) have|there (?:is(?: not|n['’]t)|['’]s not)|(?:i|we)"
    r"(?: would|['’]d)? need)(?: enough| sufficient| more| any)+ (?:information|context|details"
    r"|data) (?:available |provided |given |here |about [^.]{1,40} )?(?:to|for|in order to) (?:give"
    r"|answer|provide|respond|help|complete|say|determine|do|generate|perform)\b"
    rf"|{_SO}?(?:i did(?: not|n['’]t)|i do(?: not|n['’]t)"
    rf"|i['’]m not sure (?:that )?i) (?:fully |quite "
    r")?understand (?:your|the) (?:request|question|instruction"
    r"|prompt)\b(?=[^.!?]*[.!?]?\s*(?:could"
    r"|can|please|would))"
)
_DISCLAIMS = (  # "As an AI language model, I ..."
    rf"(?:{_SO}?(?:as|being|since i['’]?\s?a?m|because i['’]?\s?a?m"
    rf"|given that i['’]?\s?a?m) {_MACHINE}[^.!?]{{0,80}}?,? ?(?:i\b|my\b|it is\b|it['’]s))"
    rf"|(?:(?:well|hello|hi|sorry|no)[,.!]? )?(?:(?:but )?i['’]?\s?a?m (?:just|only|merely"
    rf"|sorry,? i['’]m|actually) {_MACHINE})|(?:(?:well|sorry"
    rf"|unfortunately)[,.!]? )?(?:but )?i['’]?\s?a?m {_MACHINE}[^.!?]{{0,80}}?(?:,? (?:so|and"
    rf"|therefore|which means|but)\b[^.]{{0,20}}?|[.;])(?: i)? (?:do(?:n['’]?t| not)|can ?not"
    rf"|can['’]t|am (?:unable|not)|lack)"
    r"|(?:i do(?:n['’]?t| not)|i have no) (?:have |possess )?(?:any )?(?:personal|own|real|human"
    r"|physical|real-time) (?:opinions?|feelings?|preferences?|beliefs?|emotions?|experiences?"
    r"|views?|body|access|information|data)"
)
_FOREIGN = (
    # German
    r"(?:es )?tut mir (?:sehr )?leid[^.]{0,80}(?:nicht|kein)"
    r"|(?:bitte )?(?:entschuldig\w+|verzeih\w*|ich bedau[er]+e)\b[^.]{0,40}\b(?:ich"
    r"|mir)\b[^.]{0,60}"
    r"(?:nicht|kein)|(?:leider |es )?ist (?:es )?mir (?:leider )?(?:nicht möglich|unmöglich)"
    r"|(?:leider )?(?:ich muss|muss ich) [^.]{0,40}ablehnen|leider (?:kann|bin|ist es mir"
    r"|darf) (?:ich )?[^.]{0,80}(?:nicht|kein)|ich (?:kann|darf|werde) [^.]{0,60}nicht (?:helfen"
    r"|weiterhelfen|erfüllen|beantworten|nachkommen|unterstützen|erstellen|ausführen"
    r"|bereitstellen|bearbeiten|zugreifen)|(?:dabei|damit|das|diese (?:anfrage|frage)"
    r"|dieser bitte) (?:kann|darf) ich [^.]{0,40}nicht|ich bin nicht in der lage|als (?:ein |eine "
    r"|große[sn]? )?(?:KI|künstliche|sprachmodell)\b[^.]{0,60}\b(?:ich|mir)"
    # French
    r"|(?:je suis |nous sommes )?(?:sincèrement |vraiment )?(?:désolée?s?"
    r"|regrette)[^.]{0,60}\b(?:ne"
    r"|n['’])[^.]{0,30}\b(?:peux|puis|suis|pouvons|ai)\b|(?:malheureusement,? )?je ne (?:peux"
    r"|puis) (?:pas|malheureusement)[^.]{0,20} ?(?:vous |t['’])?(?:aider|répondre|fournir|accéder"
    r"|satisfaire|donner|créer|générer|vous|traiter|faire|effectuer|naviguer)"
    r"|(?:(?:je suis |nous sommes )?(?:désolée?s?|regrette|navrée?)|je regrette|excusez[- ]moi"
    r"|malheureusement)?[^.\n]{0,20}\bil m['’]est (?:\w+ )?impossible|je (?:suis|me vois) dans"
    r" l['’]impossibilité|je (?:dois|me vois contrainte? de|préfère) (?:décliner|refuser"
    r"|ne pas (?:répondre|traiter|aborder|parler))"
    r"|je ne suis pas (?:en mesure|capable)|en tant (?:que|qu['’])\s?(?:modèle|IA\b|intelligence"
    r"|assistant)[^.]{0,60}\bje|je suis (?:une IA|un modèle de langage)"
    # Spanish
    r"|(?:lo (?:siento|lamento)|(?:le |te )?(?:pido )?disculp(?:a|e|as|en)\b|perdon[ae]?\b|perdón"
    r"|lamentablemente|desafortunadamente|desgraciadamente|por desgracia|me temo que)[^.]{0,60}\bno"
    r" (?:puedo|podré|me es|me resulta|me est|soy|tengo|podemos|estoy)"
    r"|(?:[^.\n]{0,25}, )?me (?:es|resulta) imposible|(?:no puedo|no podré|no soy capaz de"
    r"|no me es posible) (?:ayudar|cumplir|responder|proporcionar|acceder|generar|crear|realizar"
    r"|completar|asistir|ofrecer|brindar|navegar|satisfacer)|me temo que no puedo|como (?:un "
    r"|una )?(?:modelo (?:grande )?de lenguaje|IA|inteligencia artificial|asistente (?:de IA"
    r"|virtual))[^.]{0,60}\b(?:no|mi|yo)\b"
    # Portuguese
    r"|(?:me )?(?:desculp[ae]|perdão|sinto muito|lamento|infelizmente)[^.]{0,60}\bnão (?:posso"
    r"|consigo|sou|tenho|me é|é possível|estou)|(?:[^.\n]{0,25}, )?(?:é[- ]me"
    r"|é) impossível para mim|não (?:posso|consigo|sou capaz de|me é possível) (?:ajudar|atender"
    r"|fornecer|responder|cumprir|gerar|criar|acessar|realizar|completar|auxiliar|navegar)"
    r"|como (?:um |uma )?(?:modelo de linguagem|IA|inteligência artificial|assistente (?:de IA"
    r"|virtual))[^.]{0,60}\b(?:não|eu)\b"
    # Italian
    r"|(?:mi dispiace|spiacente|purtroppo|sono spiacente|mi scuso|scusa(?:mi|te)?)\b[^.]{0,60}\b"
    r"(?:non (?:posso|sono|ho|mi è|è possibile|riesco)|mi è impossibile)|non (?:posso"
    r"|sono in grado di|riesco a|mi è possibile) (?:aiutar"
    r"|soddisfare|fornire|rispondere|completare|generare|creare|accedere|esaudire|assister"
    r"|navigare)|(?:come|in quanto|essendo un) (?:un )?(?:modello (?:di lingua|linguistico)|IA|AI"
    r"|intelligenza artificiale|assistente virtuale)[^.]{0,60}\b(?:non|io)\b"
    # Dutch
    r"|(?:het spijt me|sorry|helaas)[^.]{0,60}\b(?:kan|ben|mag) (?:ik )?[^.]{0,40}(?:niet|geen)"
    r"|(?:helaas )?(?:is )?het (?:is )?(?:mij|me|voor mij) (?:helaas )?(?:niet mogelijk|onmogelijk)"
    r"|ik kan (?:je|u|hier|dit|deze|daar)[^.]{0,40} ?niet[^.]{0,20}(?:helpen|voldoen|beantwoorden"
    r"|uitvoeren|verwerken)|ik ben niet in staat|als (?:een )?(?:AI|groot |taalmodel"
    r"|kunstmatige)[^.]{0,60}\b(?:ik|kan)\b"
    # Russian
    r"|(?:извините|простите|к сожалению|прошу прощения|мне (?:очень )?жаль|сожалею"
    r"|приношу извинения)[^.]{0,60}\bне (?:могу|в состоянии|умею|имею|способен)|я вынужден\w* отказ"
    r"|(?:это (?:невозможно|исключено)[,:.]? )?я не (?:могу"
    r"|в состоянии|способен) (?:помочь|выполнить|ответить|предоставить|создать|обсуждать|вам"
    r"|вести|получить)|(?:как|будучи|я) [^.]{0,20}(?:языковая модель|языковой моделью|ИИ"
    r"|искусственн|нейросет)[^.]{0,60}\b(?:я|не|у меня)\b"
    # Chinese
    r"|恕(?:我)?(?:不能|无法|難|难)"
    r"|(?:非常|很|真的|十分|实在)?(?:抱歉|对不起|對不起|不好意思|遗憾)[^。]{0,40}(?:无法|不能"
    r"|不可以|没有办法|無法|沒有辦法|没办法|不会|不支持|做不到)|(?:我|我们|本模型)(?:目前|暂时"
    r"|暫時|现在)?(?:无法|不能|無法)(?:直接|为您|為您|为你|帮您"
    r"|对此|进行)?(?:帮助|提供|回答|满足|完成|协助|浏览|访问|处理|執行|执行|生成|创建|查看|幫助"
    r"|滿足|協助)|(?:作为|作為|身为|我(?:只)?是)(?:一个"
    r"|一個|一名|一种|一款|一位)?(?:大型|大|AI|ai|人工智能|人工智慧)*(?:语言模型|語言模型|AI"
    r"|人工智能|人工智慧|聊天机器人|虚拟助手"
    r"|机器人)[^。]{0,40}我?(?:无法|不能|没有|不具备|無法|沒有|不会)"
    # Japanese
    r"|(?:申し訳|すみません|すいません|恐れ入り|ごめんなさい|残念ながら)[^。]{0,60}(?:できません"
    r"|できかね|いたしかね|お答え|ありません。|わかりません)|(?:お手伝い|お応え|お答え|対応|提供"
    r"|回答|アクセス|閲覧|実行|支援)(?:すること)?(?:は|が"
    r"|を)?(?:でき(?:ません|かねます)|いたしかねます)|(?:(?:AI|大規模|大型)*言語モデル|AI"
    r"|人工知能)(?:アシスタント)?(?:として|(?:な|である)ので"
    r"|です(?:ので|から))"
    # Korean
    r"|죄송(?:합니다|하지만|스럽지만|해요)[^.]{0,80}(?:수 없|어렵|못 ?합|불가능|않습니다|없습니다)"
    r"|(?:도와드릴|도움을 드릴|제공할|답변할|답변해 드릴|수행할|응답할|처리할) 수 없|(?:언어 모델"
    r"|인공지능|AI|AI 언어 모델|챗봇)(?:이기 때문에|로서"
    r"|으로서|이므로|이라)"
    # Arabic
    r"|(?:آسف|عذر[اً]|أعتذر|نعتذر|للأسف|معذرة)[^.]{0,60}(?:لا (?:أستطيع|يمكنني|أقدر|نستطيع|يمكن)"
    r"|لست قادر)|لا (?:أستطيع|يمكنني) (?:مساعد|تلبية|تقديم|الإجابة|توفير|إنشاء|تنفيذ|الوصول)"
    r"|(?:كنموذج|بصفتي (?:نموذج|ذكاء)|باعتباري نموذج|كوني نموذج|كذكاء)"
    # Hindi
    r"|(?:क्षमा|माफ़?|मुझे खेद|खेद|मुझे अफ़सोस)[^।]{0,80}(?:नहीं|असमर्थ)|(?:मैं"
    r"|हम) [^।]{0,60}(?:मदद|सहायता|उत्तर|प्रदान|पूरा) [^।]{0,20}(?:नहीं (?:कर|दे)|असमर्थ)"
    r"|(?:एक )?(?:एआई|AI|भाषा मॉडल|कृत्रिम बुद्धिमत्ता)[^।]{0,20}के (?:रूप में|नाते)"
    # Turkish
    r"|(?:üzgünüm|maalesef|özür dilerim|ne yazık ki|kusura bakmayın)[^.]{0,80}(?:ama[mz]|eme[mz]"
    r"|amıyor|emiyor|mümkün değil|yok(?:tur)?\b)|(?:yardımcı olama|bunu yapama"
    r"|isteğinizi yerine getireme|yanıtlayama|sağlayama)|(?:bir )?(?:yapay zeka"
    r"|dil modeli)[^.]{0,30}olarak"
    # Polish
    r"|(?:przykro mi|przepraszam|niestety|wybacz)[^.]{0,60}\bnie (?:mogę|jestem|mam|potrafię"
    r"|możemy)|nie (?:mogę|jestem w stanie) (?:pomóc|spełnić|odpowiedzieć|dostarczyć|udzielić"
    r"|wykonać|wygenerować|zrealizować)|jako (?:duży )?(?:model językowy|sztuczna inteligencja|AI"
    r"|asystent AI)"
    # Swedish, Danish, Norwegian
    r"|(?:jag är ledsen|tyvärr|förlåt|beklager|desværre|jeg beklager|dessverre)[^.]{0,60}\b(?:kan"
    r"|har|är|er) (?:jag|jeg)?[^.]{0,30}(?:inte|ikke)|som (?:en |ett )?(?:stor )?(?:AI"
    r"|språkmodell?|sprogmodel)\b"
    # Vietnamese
    r"|(?:xin lỗi|rất tiếc|tôi xin lỗi|tôi rất tiếc)[^.]{0,60}(?:không (?:thể|có khả năng))|(?:là"
    r"|với tư cách là) (?:một )?(?:mô hình ngôn ngữ|AI|trí tuệ nhân tạo)"
    # Indonesian
    r"|(?:(?:mohon )?maaf|sayangnya)[^.]{0,60}(?:tidak (?:bisa|dapat|mampu)|nggak bisa)"
    r"|sebagai (?:sebuah )?(?:model bahasa|AI|kecerdasan buatan)"
    # Ukrainian
    r"|(?:вибачте|на жаль|перепрошую|мені шкода)[^.]{0,60}\bне (?:можу|маю|вмію)"
    r"|як (?:велика )?(?:мовна модель|ШІ)"
    # Czech
    r"|(?:omlouvám se|bohužel|je mi líto|promiňte)[^.]{0,60}\b(?:nemohu|nemůžu|nejsem schopen"
    r"|nedokážu|nemám)|jako (?:velký )?(?:jazykový model|umělá inteligence|AI)"
    # Thai
    r"|(?:ขออภัย|ขอโทษ|เสียใจ).{0,60}ไม่(?:สามารถ|ได้)|ในฐานะ(?:ที่เป็น)?\s?(?:AI|โมเดลภาษา"
    r"|ปัญญาประดิษฐ์)"
    # Romanian
    r"|(?:îmi pare rău|din păcate|ne pare rău|scuze)[^.]{0,60}\bnu (?:pot|sunt|am)|(?:ca|fiind"
    r"|în calitate de) (?:un )?(?:model (?:de limbaj|lingvistic)|IA|inteligență artificială)"
    # Greek
    r"|(?:λυπάμαι|συγγνώμη|δυστυχώς)[^.]{0,60}\bδεν (?:μπορώ|έχω|είμαι)|ως (?:μοντέλο|γλωσσικό"
    r"|τεχνητή)"
    # Hungarian
    r"|(?:sajnálom|sajnos|elnézést)[^.]{0,60}\bnem (?:tudok|tudom|áll|vagyok)|(?:nyelvi modellként"
    r"|mesterséges intelligenciaként)"
    # Finnish
    r"|(?:olen pahoillani|valitettavasti|anteeksi)[^.]{0,60}\ben (?:voi|pysty|osaa)"
    r"|(?:kielimallina|tekoälynä)"
    # Hebrew
    r"|(?:אני מצטער(?:ת)?|סליחה|לצערי)[^.]{0,60}(?:לא (?:יכול|ניתן)|איני יכול|אין באפשרותי)"
    r"|בתור (?:מודל שפה|בינה)"
    # Persian
    r"|(?:متأسفم|متاسفم|ببخشید|متأسفانه|متاسفانه|عذر می)[^.]{0,80}(?:نمی ?‌?توان|قادر نیست)"
    r"|به عنوان (?:یک )?(?:مدل زبان|هوش مصنوعی)"
)

_OPENS = regex(
    r"(?i)^[\s\"'“*_>#-]*(?:thank(?:s| you)(?: (?:very|so) much)? for [^.!?\n]{3,60}?[,.!]"
    r"\s*(?:(?:but|however|unfortunately|sadly),? )?)?"
    rf"(?:(?P<plain>{_PLAIN})|(?P<machine>{_DISCLAIMS})"
    rf"|(?P<foreign>{_FOREIGN}))"
)
_DENSE = regex(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# A machine that speaks of itself, anywhere in an answer. One of _SELF is in all of these.
_SELF = (
    "language model|an ai|large model|artificial intelligence|chatbot|chat bot|virtual assistant|"
    "computer program|openai|anthropic|gpt|a robot|ai model|ai assistant|deepmind|个ai|一名ai|"
    "是ai|aiなので|aiですから|aiですので|mistral|by google|by meta|by microsoft|by alibaba|"
    "sprachmodell|als ki|eine ki|künstliche intelligenz|modèle de lang|une ia|"
    "intelligence artificielle|tant une ia|un'ia|un’ia|uma ia|étant une ia|qu'ia|qu’ia|"
    "modelo de leng|inteligencia artificial|modelo de ling|inteligência artificial|como ia|"
    "una ia|modello lingu|modello di ling|intelligenza artificiale|taalmodel|als ai|языков|"
    "как ии|искусственн|нейросет|语言模型|語言模型|人工智能|人工智慧|ai助手|聊天机器人|"
    "言語モデル|人工知能|aiとして|언어 모델|인공지능|ai로서|model językowy|sztuczna intel|"
    "yapay zeka|dil model|نموذج لغ|mô hình ngôn|ki-modell"
).split("|")
# ... and says I, in one of these languages: of 1,571 answers of Alpaca's that speak of AI, 331 do.
_FIRST = (
    r"\b(?:I|[Mm]y|me|[Ii]ch|mir|mich|[Jj]e|[Ss]oy|[Yy]o|mi|[Nn]o|[Ss]ou|[Nn]ão|[Ee]u|[Ss]ono"
    r"|io|[Nn]on"
    r"|[Ii]k|[Яя]|мне|меня|jako|olarak|tôi)\b|\b[Jj]['’]|我|私|わたし|저는|나는|로서|として|أنا"
)
_KIND = (
    r"(?:(?:text[- ]based|large|mere|virtual|digital|online|pre-?trained|simple|humble) )*(?:AI\b"
    r"|A\.I\.|artificial intelligence|language model|LLM\b|GPT\b|chat ?bot|virtual assistant"
    r"|computer program|machine learning model)"
)
_INSIDE = regex(
    rf"(?i)\bi, (?:as|being) an? {_KIND}|\bas your {_KIND}[^.!?\n]{{0,40}}, i\b"
    r"|\bétant (?:donné que je suis )?une? (?:IA\b|modèle|intelligence artif|chatbot)"
    r"|\bsono (?:solo )?un['’](?:IA\b|intelligenza artif)|我(?:只"
    r"|仅仅)?是[^，。\n]{0,10}AI(?:[，。,.！]|程序"
    r"|模型|系统|$)|AI(?:なので|ですから|ですので|であるため)"
    rf"|\b(?:as|being|since i['’]?\s?a?m|because i['’]?\s?a?m|given that i['’]?\s?a?m"
    rf"|as i['’]?\s?a?m)(?: (?:just|only|merely))* an? {_KIND}[^.!?\n]{{0,80}}?,? (?:i|my|me)\b"
    rf"|\bi(?:['’]m| am)(?: (?:just|only|merely|actually|really|simply|but|also|sorry,? i['’]m))*"
    rf" an? {_KIND}|\bi (?:do(?:n['’]t| not)|can ?not|can['’]t|have no"
    rf"|lack)\b[^.!?\n]{{0,60}} (?:as|being)"
    rf" an? {_KIND}"
    r"|\bals (?:(?:ein|eine|großes|reine[sn]?) )*(?:KI\b|künstliche Intelligenz|Sprachmodell"
    r"|Chatbot|AI\b|taalmodel|groot taalmodel)[^.!?\n]{0,60}\b(?:ich|mir|mich|ik|mij)\b"
    r"|\bich bin [^.!?\n]{0,40}\b(?:KI\b|Sprachmodell|Chatbot|künstliche Intelligenz)"
    r"|\bik ben [^.!?\n]{0,40}(?:taalmodel|chatbot|\bAI\b)"
    r"|\ben tant (?:que|qu['’]) ?(?:un |une )?(?:grand )?(?:modèle|IA\b|intelligence artif"
    r"|assistant"
    r"|chatbot)[^.!?\n]{0,80}\b(?:je\b|j['’])"
    r"|\bje (?:ne )?suis (?:qu['’])?[^.!?\n]{0,12}(?:une IA\b|modèle de lang|intelligence artif"
    r"|chatbot)|\b(?:como|siendo|sendo|in quanto|come|essendo)(?: (?:un|una|um|uma|simple))*"
    r" (?:modelo (?:grande )?de l|modello (?:lingu|di ling)|IA\b|AI\b|intel[a-zê]+ artif|chatbot"
    r"|asistente (?:de IA|virtual)|assistente (?:de IA|virtual))[^.!?\n]{0,80}"
    r"\b(?:no|yo|mi|me|não|eu|meu|non|io|mio|puedo|tengo|posso|tenho|ho)\b"
    r"|\b(?:soy|sou|sono)(?: (?:solo|só|apenas|un|una|um|uma|simplemente))* (?:modelo de l"
    r"|modello lingu"
    r"|IA\b|intel[a-zê]+ artif|chatbot)"
    r"|\b(?:как|будучи) [^.!?,\n]{0,20}(?:языков\w+ модел|ИИ\b|искусственн|нейросет)[^.!?\n]{0,60}"
    r"\b(?:я|меня|мне)\b|\bя[ —–-]+[^.!?\n]{0,30}(?:языковая модель|искусственный интеллект"
    r"|нейросеть|чат-?бот)"
    r"|(?:作为|身为)[^，。\n]{0,16}(?:AI|人工智能|语言模型|机器人)[^。\n]{0,12}我"
    r"|我(?:只)?是[^，。\n]{0,24}"
    r"(?:语言模型|人工智能|AI ?助手|聊天机器人)|AI(?:アシスタント"
    r"|言語モデル)?として、?[^。\n]{0,6}(?:私|わたし)"
    r"|私は[^。\n]{0,24}(?:AI(?:です|アシスタント)|言語モデル|人工知能)|(?:저는"
    r"|나는)[^.\n]{0,30}(?:언어 모델"
    r"|인공지능)|AI로서|(?:jako|olarak) [^.!?\n]{0,6}(?:model językowy|sztuczna intel)"
)
# ... and as somebody's product. Claude and Gemini are people's names too: not alone.
_VENDORS = (
    r"(?:OpenAI|Open AI|Anthropic|Google(?: (?:AI|DeepMind))?|DeepMind|Meta(?: AI)?|Microsoft"
    r"|Mistral(?: AI)?|Alibaba(?: Cloud)?|DeepSeek|xAI|Baidu|百度|阿里|LMSYS|Cohere|Stability AI"
    r"|Hugging ?Face"
    r"|IBM|Amazon|Tencent|腾讯|Zhipu|智谱|Databricks|Vicuna researchers)"
)
_BUILT = (
    r"(?:created|developed|trained|built|made|designed|programmed|launched|entwickelt\w*"
    r"|trainiert\w*"
    r"|erschaffen|développée?|créée?|entraînée?|conçue?|desarrollad[oa]|cread[oa]|entrenad[oa]"
    r"|desenvolvid[oa]|criad[oa]|treinad[oa]|sviluppat[oa]|addestrat[oa]|creat[oa]|ontwikkeld"
    r"|getraind|разработан\w*|создан\w*|обучен\w*)"
)
_VENDOR = regex(
    rf"\b[Mm]y (?:creators?|developers?|makers?|owners?),? (?:at|is|are|from)? ?{_VENDORS}\b|"
    r"\b(?:I(?:['’]m| am)|[Mm]y name is|[Cc]all me|Ich bin|[Jj]e suis|[Ss]oy|[Ss]ou|[Ss]ono|Ik ben"
    r"|[Mm]e llamo|[Mm]ein Name ist)\b[^.!?\n]{0,40}\b(?:ChatGPT|Chat GPT|GPT-?\d)"
    rf"|\b(?:I|[Ii]ch|[Jj]e|[Ii]k|Eu|Yo|Я|я)(?:['’]m| am| was| have been"
    rf"|['’]ve been)?\b[^.!?\n]{{0,60}}"
    rf"\b{_BUILT},?(?: and \w+)? (?:by|von|par|por|da|door|компанией) {_VENDORS}\b"
    rf"|\b(?:I(?:['’]m| am)|Ich bin|[Jj]e suis|[Ss]oy|[Ss]ou|[Ss]ono|Ik ben"
    rf"|[Яя] ?[—–-])[^.!?\n]{{0,60}}"
    rf"\b(?:(?:by|from|von|par|por|da|de|door|от) {_VENDORS}\b|{_VENDORS}['’]s\b)"
    r"|\b(?:I(?:['’]m| am)|[Mm]y name is|[Ii]ch bin|[Jj]e suis|[Ss]oy)\b[^.!?\n]{0,20}\b(?:Claude"
    r"|Gemini|Bard|Llama|LLaMA|Qwen|Vicuna|Alpaca|Copilot|DeepSeek|Grok|Mistral)\b[^.!?\n]{0,40}"
    r"\b(?:AI|assistant|model|chatbot|KI|IA|modèle|modelo)\b"
    rf"|[我](?:是|叫|由)[^。\n]{{0,16}}(?:ChatGPT|通义千问|文心一言|{_VENDORS}(?:所)?(?:开发"
    rf"|训练|创建|研发|推出|创造))"
    rf"|私は[^。\n]{{0,16}}(?:ChatGPT|{_VENDORS}(?:が|によって)(?:開発|訓練|作成))"
)
_REFUSES = regex(
    rf"(?i){_ABLE}|\bi (?:do not|don['’]t|lack|have no|cannot|can['’]t|can not|am unable|am not)\b"
    rf"|(?:\band|\bso|\bthat|,) (?:therefore |thus )?(?:can ?not|can['’]t|do not|don['’]t"
    rf"|am unable|am not able|have no|lack)\b|\bit is not possible\b"
)
_DENIES = regex(
    r"(?i)impossi|imposib|unmöglich|onmogelijk|ablehn|déclin|refus|отказ|恕|nicht|kein|geen"
    r"|\bne\b|\bno\b|não|\bnon\b|niet|не |нет|无|不|没|無|沒|ません|ない|없|않"
    r"|못|لا |ليس|नहीं|असमर्थ|değil|ama[mz]|eme[mz]|yok|\bnie\b|inte|ikke|không|tidak|ne(?:mohu"
    r"|můžu|mám)|ไม่"
    r"|\bnu\b|δεν|nem|\ben\b|לא|אין|نمی|ندار"
)
# After a refusal, what opens an answer after all ...
_HELPS = regex(
    r"(?im)^\s*(?:\d+[.)]|[-*•])\s+\S|```|\b(?:here(?:['’]s| is| are)|for example"
    r"|for instance|in general|generally|typically|that said|based on|it depends"
    r"|there are (?:several|many|some))"
    # "but I can show you how: ..." with something after the colon, and "but paste it here".
    r"|\bbut (?:i|we) (?:can|could) (?:show|tell|explain|describe|walk|give|list|suggest)\b"
    r"[^.!?:\n]{3,80}: ?[^\s?][^?]{39,}"
    r"|\bbut (?:if you |you can |please )?(?:copy|paste|type|describe)\b[^.!?\n]{0,60} (?:here"
    r"|to me|below|in(?:to)? (?:the|this) chat)\b"
)
# ... and what does in a longer text; in a short one it is a polite end.
_HELPS_ON = regex(
    r"(?i)\b(?:you (?:can|could|may|might) (?:try|use|check|also|find|start|consider|follow|ask"
    r"|search|visit|look)|i (?:would |can )?(?:suggest|recommend)|instead[,:]|however, (?:the|in"
    r"|some|many|most|there|it is|it['’]s|if|you|according|people|one)|it is (?:important|possible"
    r"|recommended|widely))|但(?:是)?我?(?:可以|能|们)|不过|然而|例如|以下|可以(?:提供|参考|尝试"
    r"|填)|如果是|ただし"
    r"|しかし|例えば|하지만 (?:일반|대신)|예를 들|allerdings|jedoch|zum beispiel|cependant"
    r"|toutefois|par exemple|sin embargo|por ejemplo"
    r"|no entanto|por exemplo|tuttavia|per esempio|однако|например"
)

# What makes a refusal a fair answer: the question lacks what it speaks of.
_ASKS = regex(
    r"(?i)(?:please|could you|can you|if you|you (?:have(?:n['’]t| not)|did(?:n['’]t| not)"
    r"|need to)|kindly)[^.]{0,40}\b(?:provide|give|share|specify|clarify|paste|include|supply"
    r"|tell)|(?:more|additional|further|enough|sufficient|insufficient|some) (?:information"
    r"|context|details?|data)|\b(?:no|not|isn['’]t|wasn['’]t)\b[^.]{0,40}\b(?:provided|given"
    r"|supplied|included|attached|mentioned|specified)\b|\bwithout (?:more|any|further|the|knowing"
    r"|additional|having|context|seeing)|(?:given|with|from) (?:only|just)|(?:is|are) missing"
    r"|(?:未|没有|沒有|并未|没|请|請|您能|如果)[^。]{0,12}(?:提供|给出|給出|告诉|说明|上传)"
    r"|信息不足|麻烦您|足够的?信息|更多(?:的)?(?:信息|资料)|提供(?:して|いただ|された)"
    r"|情報が(?:不足|足り)|제공(?:해"
    r"|하|되)|정보가 부족|bitte [^.]{0,30}(?:geben"
    r"|nennen|teilen|stellen)|veuillez|pourriez-vous|proporcion(?:a|e|ó)|forneç|fornisc|предостав"
    r"|укажите"
)
_TOOLISH = regex(r"(?i)\bfunctions?\b|external tasks?|current capabilit|\btools?\b")
_IDENTITY = regex(
    r"(?i)\b(?:who|what) (?:are|is|were) you\b|(?:made|created|built|trained|programmed|taught"
    r"|developed|designed|owns?|behind) you\b|your (?:name|creator|developer|maker|identity|model)"
    r"|\bare you\b|(?:who|what) you are|is this (?:chatgpt|gpt|an AI)|yourself|about you\b"
    r"|you called|call you|what (?:model|version)|where (?:are you from|do you come from)|(?:你"
    r"|您)(?:是|叫|来自|的名字|的开发|由谁)|谁(?:开发"
    r"|创造|训练)|介绍一下(?:你|您)|自己紹介"
    r"|あなたは|당신은|이름|wer bist|wer sind sie|dein name|qui es-tu|qui êtes|quién eres"
    r"|cómo te llamas|quem é você|chi sei|кто ты"
    r"|как тебя зовут|wie ben je|kim(?:sin|siniz)|kim jesteś"
)

# Asked what it is, an answer that says so does more than refuse.
_AS_WHAT = re.compile("|".join(map(re.escape, _SELF)), re.IGNORECASE)

# What makes a sentence of refusal an answer: it is asked for, quoted, played or translated.
_SPEECH = regex(
    r"(?i)apolog|sorry|excus|refus|declin|reject|turn(?:s|ing)? down|say(?:ing)? no\b|translat"
    r"|rewrit|re-?write|paraphras|rephras|reword|grammar|\bcorrect|\bedit|proofread|\bquot|dialog"
    r"|conversation|role-?play|act as|pretend|persona|imagine|\bcharacters?\b|customer|complain"
    r"|reply|respon(?:d|se|ding) (?:to|for)|(?:your|the|appropriate|good|possible|a|suggest\w*"
    r"|suitable) (?:response|answer|reply)|how (?:would|should) (?:you|i|an? (?:AI|assistant"
    r"|chatbot))|\bletters?\b|e-?mail|message\b|\bstor(?:y|ies)\b|\bscenes?\b|\bscript"
    r"|screenplay|monolog"
    r"|poem|\bsongs?\b|lyrics|speech"
    r"|sentence|sentiment|\btone\b|classif|chatbot|assistant|\bAI\b|artificial intell"
    r"|language model"
    r"|\bGPT|\bLLM|robot|\bbot\b|siri|alexa|übersetz|entschuldig|dialog|gespräch|tradu[cisz]"
    r"|excuse|disculp|desculp|scus[ae]|vertaal"
    r"|перев[еоё]|извин|диалог|翻译|翻譯|翻訳|번역|道歉|谢罪|謝罪|사과|对话|對話|会話|대화|客服"
    r"|ترجم|اعتذار|अनुवाद|çevir|özür|tłumacz|przepros|改写|改寫|扮演|角色"
)
# ... above all if the question says such words itself, or asks for them; it is then certain that
# they are the answer, unless a machine speaks.
_MENTIONS = regex(
    r"(?i)apolog|sorry|excus|refus|declin|reject|turn(?:s|ing)? down|would [^.?!]{0,40}\b(?:say"
    r"|respond|reply|answer)\b|(?:say(?:ing)?|tell\w*) [^.?!]{0,20}\bno\b"
    r"|entschuldig|извин|道歉|谢罪"
    r"|謝罪|사과|抱歉|对不起|اعتذار|özür|przepros"
    r"|scus[ae]|disculp|désol|leid tun|nicht helfen"
)
# Said of anything ("if you think they can't"), so a set phrase of a machine is a refusal still.
_MENTIONS_CANNOT = regex(
    r"(?i)can ?not|can['’]t|unable|not able|won['’]t|will not|unfortunate|impossible"
)
# A text in another language may say them, and be translated into the answer's.
_NEGATED = regex(r"(?i)\bnot\b|n['’]t\b|cannot|unable|sorry")
_TRANSLATES = regex(
    r"(?i)translat|übersetz|tradu[cisz]|vertaal|перев[еоё]|翻译|翻譯|翻訳|번역|ترجم|अनुवाद|çevir"
    r"|tłumacz|how (?:do|would) you say"
)
_INTO_ENGLISH = regex(r"(?i)english|englisch|anglais|inglés|inglese|inglês|engels|англий|英")
_DECLINES = regex(
    r"(?i)\b(?:nicht|kein\w*|leider|ne|pas|désolé|no|nunca|siento|não|non|mi dispiace|niet|helaas"
    r"|не|нет|nie|inte|ikke|nu|nem|ei|değil)\b|不|没|無|抱歉|对不起|ません|ない|없|못|لا|नहीं"
)
# What only a machine that declines says, whatever it was asked.
_STRONG = regex(
    r"(?i)\b(?:help|assist)(?: you)? with (?:that|this|your|it)\b|\b(?:fulfil|comply with|complete"
    r"|answer|process|provide|generate)l? (?:that|this|your|such) (?:type of |kind of )?(?:request"
    r"|question|information|content|task|query|prompt)|browse|language model|\ban AI\b|\bGPT"
    r"|personal (?:opinions?|beliefs?|feelings?|experiences?|preferences?)|real[- ]time"
    r"|the internet"
    r"|my (?:guidelines|programming|capabilities|training)|(?:the|this) task (?:involves|requires)"
    r"|(?:task|instruction|request) can ?not be|语言模型|人工智能|言語モデル|언어 모델|Sprachmodell"
    r"|modèle de langage|modelo de l|языковая модель"
)
_MODEL = regex(r"(?i)\bAI\b|\bmodel\b|\bGPT|\b(?:this|that|your|the) (?:request|task)\b|語言|语言")
_ABOUT_YOU = regex(
    r"(?i)\b(?:are you|who (?:are|made|created|built|trained) you|what are you|do you|have you"
    r"|can you (?:feel|see|hear|think|love|dream|taste|eat|sleep|learn|remember)|you (?:feel|think"
    r"|like|prefer|believe|love|enjoy|want)|your (?:name|opinion|favou?rite|feelings?|thoughts?"
    r"|age|view|job|self|purpose|limits?|limitations?|capabilit\w+|hobb\w+|goal|dream|day|family"
    r"|life|personality|own|preference)|yourself|would you)\b|你(?:是|有|的|能|看|会|想|觉得|认为"
    r"|如果|喜欢|叫)|您(?:是|有"
    r"|的|能)|あなた|당신|bist du|sind sie|êtes-vous|es-tu"
    r"|eres|você|sei (?:un|tu)|кто ты|ты (?:кто|робот|чувств)|ben je"
)
# Asked what it is, a machine says so; asked for a play, it speaks as another.
_NATURE = regex(
    r"(?i)\b(?:(?<!how )(?<!what )(?<!why )do you (?:have|feel|dream|sleep|eat|think"
    r"|experience|exist)|are you (?:an?|able|conscious|sentient|alive|human|real)"
    r"|can you (?:feel|see|hear|think|love|dream|taste|eat|sleep))\b"
)
_ABOUT_AI = regex(
    r"(?i)\bAIs?\b|artificial intell|language model|\bGPT|chatgpt|\bLLM|chat ?bot|openai|\brobot"
    r"|\bKI\b|künstliche|\bIA\b|intel\w+ artif|\bИИ\b|искусств|нейросет|人工智能|人工知能|语言模型"
    r"|인공지능|machine learning|virtual assistant|anthropic"
)
_PLAYED = regex(
    r"(?i)dialog|conversation|role-?play|\bact as|pretend|persona\b|\bcharacters?\b|\bscript"
    r"|screenplay|\bstor(?:y|ies)\b"
    r"|monolog|\b(?:writ|compos|creat|generat|sing|mak|recit)\w*\b[^.\n]{0,60}\b(?:poem|songs?\b"
    r"|lyrics)|\bletters?\b|e-?mail|translat|rewrit|imagine|speech"
    # "in two sentences" is how long an answer shall be.
    r"|(?<!one )(?<!two )(?<!three )(?<!four )(?<!five )(?<!few )(?<!\d )\bsentences?\b"
    r"|paraphras|grammar|proofread|\brobot|\bbot\b|siri|alexa|apolog|sorry|chat\b|message\b|\breply"
    r"|gespräch|übersetz|tradu[cisz]|diálogo|диалог|перев[еоё]|翻译|翻譯|翻訳|번역|对话|對話|会話"
    r"|대화|脚本|剧本|故事|扮演|改写|改寫|聊天|机器人|角色"
)
_HARM = regex(
    r"(?i)\b(?:bombs?|explosives?|kill(?:ing|er|s)?|murder\w*|poison\w*|weapons?|guns?|firearms?"
    r"|hack(?:ing|er|s|ed)?|malware|virus(?:es)?|ransomware|phish\w*|steal\w*|stolen|theft"
    r"|rob(?:bing|bery)?|shoplift\w*|burglar\w*|counterfeit\w*|drugs?|meth|methamphetamine|cocaine"
    r"|heroin|fentanyl|suicid\w*|self-?harm|hurt (?:my|him|her|someone|people|others)|abus\w+|rape"
    r"|rapist|molest\w*|terroris\w+|nazis?|hitler|racist|racism|sexist|slurs?|hate(?:ful| speech)?"
    r"|offensive|insult\w*|derogatory|discriminat\w+|stalk\w*|spy(?:ing)? on|break(?:ing)? into"
    r"|illegal\w*|launder\w*|forge\w*|forgery|porn\w*|sex(?:ual(?:ly)?)?|nudes?|explicit|erotic\w*"
    r"|bully\w*|harass\w*|scam\w*|cheat(?:ing)?|plagiari\w+|evade|bypass|ddos|keylogger|exploit\w*"
    r"|assassinat\w+|tortur\w+|traffick\w+|smuggl\w+|blackmail\w*|extort\w*|fraud\w*|fake (?:id"
    r"|passport|review|news|document|prescription)s?|conspirac\w+|misinformation|disinformation"
    r"|propaganda|deepfakes?|dox\w*|home address|ssn|password|credit card|social security"
    r"|pick a lock|lock-?pick\w*|arson|set fire|attack|bribe\w*|piracy|pirated?"
    r"|crack(?:ed)? (?:software|version)|jailbreak\w*|manipulat\w+|blow up|violen\w+|genocide"
    r"|ethnic cleansing|incest|child (?:porn|abuse)|underage|extremis\w+|cannibal\w*|overdose"
    r"|anorexi\w*|diagnos\w+)\b"
    r"|(?i:bombe|waffe|drogen?\b|umbring|töten|stehlen|gift\b|tuer\b|voler|arme[s]?\b|drogue"
    r"|pirater|bomba|matar|robar|roubar|droga|armi?\b|uccidere|rubare|veneno|hackear|hacken)|бомб"
    r"|оруж|уби(?:ть|й)|наркот|взлом|украсть|炸弹|炸彈|武器|毒品|杀|殺|黑客|駭客|偷|爆弾|麻薬"
    r"|ハッキング|盗|폭탄|마약|해킹|살인|훔치|قنبلة|سلاح|مخدر|اختراق|قتل|बम|हथियार|हत्या|ड्रग|हैक"
    r"|चोरी|bomba yap|silah|uyuşturucu|öldür"
    r"|zabić|narkotyk|włama|broń\b"
)
_MILD = (None, "disclaimer", "identity", "doubtful")  # a refusal elsewhere in the row goes first
_TOOLS = regex(r"(?i)\bfunctions?\b|\btools?\b|\bapi\b")


@signal(
    columns={
        "refusal": "the words with which an answer refuses, or says that a machine speaks; null "
        "where none does",
        "refusal_kind": "what the refusal is worth: `plain` (nothing else is said, to a harmless "
        "question), `harmful` (to a question about harm, where a refusal may be right), `tools` "
        "(in a conversation with tools, none of which fits), `doubtful` (the question is about the "
        "assistant, or asks for such words), `disclaimer` (the answer goes on and helps), "
        "`identity` (it speaks as a vendor's model, ChatGPT or another)",
    },
    needs=(*NEEDS, "system", "response"),
    version=6,
)
def refusals(frame: pl.DataFrame) -> pl.DataFrame:
    """Find refusals: in every answer, where it begins; disclaimers of a machine anywhere."""
    begins = pl.col("response").str.head(HEAD).str.contains_any(_STEMS, ascii_case_insensitive=True)
    speaks = pl.col("response").str.contains_any(_SELF, ascii_case_insensitive=True)
    many = pl.col("roles").list.len() > 3  # noqa: PLR2004 - more than one answer
    rows = frame.with_row_index("at")
    some = rows.filter((begins | speaks | many).fill_null(value=False))
    where, systems = some["at"], some["system"]
    words: list[str | None] = [None] * frame.height
    kinds: list[str | None] = [None] * frame.height
    turns = answers(some)
    turns = turns.with_columns(_speaks(turns["answer"]).alias("speaks"))
    columns = ("row", "asked", "answer", "tools", "speaks")
    for row, asked, answer, tools, itself in turns.select(columns).iter_rows():
        at = where[row]
        if kinds[at] in _MILD:
            system = systems[row] or ""
            said, kind = _judge(asked, answer, tools=tools, system=system, itself=itself)
            if kind is not None and (kind not in _MILD or kinds[at] is None):
                words[at], kinds[at] = said, kind
    schema = {"refusal": pl.String, "refusal_kind": pl.String}
    return pl.DataFrame({"refusal": words, "refusal_kind": kinds}, schema=schema)


def _speaks(texts: pl.Series) -> pl.Series:
    """Which texts name a machine and say I."""
    names = texts.str.contains_any(_SELF, ascii_case_insensitive=True)
    at = names.arg_true()
    return names.scatter(at, texts.gather(at).str.contains(_FIRST))


def _judge(
    asked: str, answer: str, *, tools: bool, system: str, itself: bool
) -> tuple[str | None, str | None]:
    """The words that refuse, and what they are worth; two nulls where nothing is refused."""
    found = _OPENS.match(answer[: 2 * HEAD])
    if found is None or not _is_all(answer, found):
        return _disclaims(asked, answer, found) if itself or found else (None, None)
    words = found[0].strip()
    spoken = _mentions(asked, answer) or _is_translated(asked, answer)
    if (spoken and not _MODEL.search(answer)) or _is_quoted(asked, answer):
        return None, None
    plain = _STRONG.search(answer) is not None and not spoken
    if (_SPEECH.search(asked) and not plain) or _ABOUT_YOU.search(asked) or _ASKS.search(answer):
        personal = _IDENTITY.search(asked) or _NATURE.search(asked)
        if (personal and _AS_WHAT.search(answer)) or _VENDOR.search(answer):
            return _disclaims(asked, answer, found)
        return words, "doubtful"
    if tools or _TOOLS.search(system) or _TOOLISH.search(answer):
        return words, "tools"
    return words, "harmful" if _HARM.search(asked) else "plain"


def _mentions(asked: str, answer: str) -> bool:
    """Whether the question has words of refusal of its own, which the answer may take up."""
    if _MENTIONS.search(asked):
        return True
    set_phrase = _STRONG.search(answer) and not _SPEECH.search(asked)
    return _MENTIONS_CANNOT.search(asked) is not None and not set_phrase


def _is_translated(asked: str, answer: str) -> bool:
    """Whether the question has a text translated that may say what the answer says."""
    if not _TRANSLATES.search(asked):
        return False
    if not answer.isascii():
        return True
    return bool(_INTO_ENGLISH.search(asked)) and bool(_DECLINES.search(asked))


def _is_quoted(asked: str, answer: str) -> bool:
    """Whether the answer's words stand in the question: it was corrected, not answered."""
    if not _NEGATED.search(asked):
        return False
    words = re.findall(r"\w+", answer.lower())
    return sum(word in asked.lower() for word in words) >= QUOTED * len(words)


def _disclaims(
    asked: str, answer: str, found: re.Match[str] | None
) -> tuple[str | None, str | None]:
    """A machine's words in an answer that says more, unless they are what was asked for."""
    personal = any(one.search(asked) for one in (_IDENTITY, _ABOUT_YOU))
    if _ABOUT_AI.search(asked) or _PLAYED.search(asked):
        return None, None
    vendor = _VENDOR.search(answer)
    if vendor:
        return vendor[0].strip(), "identity"
    machine = found if found is not None and found["machine"] else _INSIDE.search(answer)
    if machine is None or _IDENTITY.search(asked) or _NATURE.search(asked):
        return None, None
    return machine[0].strip(), "doubtful" if personal else "disclaimer"


def _is_all(answer: str, found: re.Match[str]) -> bool:
    """Whether the answer refuses and gives nothing else."""
    if found["machine"] and not _REFUSES.search(answer[:SHORT]):
        return False
    if found["foreign"] and not _DENIES.search(answer[:SHORT]):
        return False
    size = _size(answer)
    if size > LONG or _HELPS.search(answer, found.end()):
        return False
    return size <= SHORT / 2 or not _HELPS_ON.search(answer, found.end())


def _size(text: str) -> int:
    """Length in characters, of which a Chinese or Japanese one says as much as three others."""
    return len(text) + 2 * len(_DENSE.findall(text))

"""What did a consumer agree to, how is it proved, and when was it taken back?

``record`` says what a record holds and reads it from whatever sent it; ``service`` is the one door to the tables;
``importing`` takes whole files; ``certificate_link``, ``vendor_answers`` and ``look_up`` speak of certificates; ``queries``
reads for pages and API. Whether a consent suffices for a call, the rules say (:mod:`app.compliance.consents`).
"""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tamdash.encrypted


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_communications_by_calendar'),
        ('communications', '0004_drafts_of_escalations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('written_words', models.PositiveIntegerField(default=0, help_text='Of the text as the writer left it.')),
                ('changed_words', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='Of the claim: its kind, its words and the sentence around them.', max_length=32)),
                ('quote', models.CharField(max_length=500)),
                ('name', models.CharField(help_text='As it was typed.', max_length=120)),
                ('source', models.CharField(blank=True, help_text='The record or the words that the claim rests on.', max_length=200)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('instruction', models.CharField(blank=True, max_length=500)),
                ('context', models.JSONField(help_text='Exactly the data the writer was given.')),
                ('messages', models.JSONField(blank=True, default=list)),
                ('prompt_version', models.CharField(blank=True, max_length=20)),
                ('prompt_hash', models.CharField(blank=True, help_text='SHA-256 of the messages, in hexadecimal digits.', max_length=64)),
                ('answer', models.JSONField(blank=True, default=dict, help_text="The writer's whole structured answer.")),
                ('writer', models.CharField(choices=[('model', 'Language model'), ('offline', 'Offline composer')], max_length=7)),
                ('writer_note', models.CharField(blank=True, help_text='Which model, or why the offline composer wrote.', max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='mailbox', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(choices=[('eml', 'A file that my mail program opens'), ('imap', 'IMAP'), ('gmail', 'Gmail')], default='eml', max_length=5)),
                ('address', models.EmailField(blank=True, help_text='Who the mails are from. Empty: the address you sign in with.', max_length=254)),
                ('host', models.CharField(blank=True, max_length=253, verbose_name='server')),
                ('port', models.PositiveIntegerField(default=993, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(65535)])),
                ('security', models.CharField(choices=[('tls', 'TLS'), ('starttls', 'STARTTLS'), ('none', 'None')], default='tls', max_length=8)),
                ('sign_in', models.CharField(choices=[('password', 'Password or app password'), ('xoauth2', 'Access token (XOAUTH2)')], default='password', max_length=8)),
                ('username', models.CharField(blank=True, max_length=254)),
                ('secret', tamdash.encrypted.EncryptedTextField(blank=True, help_text="A password, an access token, or Google's refresh token.")),
                ('folder', models.CharField(blank=True, help_text='Of the drafts. Empty: the one that the server marks so.', max_length=200)),
                ('test_asked_at', models.DateTimeField(blank=True, null=True)),
                ('tested_at', models.DateTimeField(blank=True, null=True)),
                ('test_ok', models.BooleanField(default=False)),
                ('test_says', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'verbose_name_plural': 'mailboxes',
            },
        ),
        migrations.CreateModel(
            name='ModelCircuit',
            fields=[
                ('key', models.CharField(help_text="SHA-256 of the endpoint's address and the model's name.", max_length=64, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('open_until', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ModelUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('reserved', 'Under way'), ('answered', 'Answered'), ('repaired', 'Answered at the second try'), ('unusable', 'No usable answer'), ('failed', 'Failed'), ('stopped', 'Stopped')], default='reserved', max_length=8)),
                ('requests', models.PositiveSmallIntegerField(default=0)),
                ('input_tokens', models.PositiveIntegerField(default=0)),
                ('output_tokens', models.PositiveIntegerField(default=0)),
                ('cost', models.DecimalField(decimal_places=6, default=0, max_digits=14)),
                ('seconds', models.FloatField(default=0)),
                ('error', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('communication', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='placement', serialize=False, to='communications.communication')),
                ('kind', models.CharField(choices=[('eml', 'A file that my mail program opens'), ('imap', 'IMAP'), ('gmail', 'Gmail')], max_length=5)),
                ('status', models.CharField(choices=[('pending', 'Waiting'), ('placing', 'Being placed'), ('placed', 'In the mailbox'), ('held', 'Held back'), ('failed', 'Failed')], default='pending', max_length=7)),
                ('place', models.JSONField(blank=True, default=dict, help_text="Where it lies, as the mailbox's door left it.")),
                ('found', models.CharField(blank=True, choices=[('edited', 'Changed in the mailbox'), ('sent', 'Sent from the mailbox'), ('gone', 'Deleted from the mailbox')], max_length=6)),
                ('overwrite', models.BooleanField(default=False, help_text='Somebody decided to put it there whatever was found.')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(blank=True, help_text='Not before then.', null=True)),
                ('claimed_at', models.DateTimeField(blank=True, help_text='When a worker took it.', null=True)),
                ('placed_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='RhythmRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('communication_type', models.CharField(choices=[('escalation_outreach', 'Escalation outreach'), ('release_notes', 'Release notes'), ('roadmap_preview', 'Roadmap preview'), ('health_checkin', 'Health check-in'), ('customer_success_review', 'Customer success review')], max_length=24)),
                ('period', models.DateField()),
                ('started_at', models.DateTimeField(auto_now_add=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('drafted', models.PositiveIntegerField(default=0)),
                ('skipped', models.PositiveIntegerField(default=0, help_text='Accounts that something was sent to lately.')),
            ],
            options={
                'ordering': ['-period', 'communication_type'],
            },
        ),
        migrations.CreateModel(
            name='StyleChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(max_length=120)),
                ('new', models.CharField(blank=True, max_length=120)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='StyleRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.CharField(max_length=120, verbose_name='instead of')),
                ('new', models.CharField(blank=True, max_length=120, verbose_name='write')),
                ('communication_type', models.CharField(blank=True, choices=[('escalation_outreach', 'Escalation outreach'), ('release_notes', 'Release notes'), ('roadmap_preview', 'Roadmap preview'), ('health_checkin', 'Health check-in'), ('customer_success_review', 'Customer success review')], help_text='Empty: for all.', max_length=24)),
                ('status', models.CharField(choices=[('proposed', 'Proposed'), ('accepted', 'Accepted'), ('rejected', 'Rejected')], default='proposed', max_length=8)),
                ('drafts', models.PositiveIntegerField(default=0, help_text='In how many drafts people made this change.')),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-drafts', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='communication',
            name='one_generation_under_way_per_account_and_type',
        ),
        migrations.AddField(
            model_name='communication',
            name='base',
            field=models.ForeignKey(blank=True, help_text='The version that the next writing starts from; none: from the data alone.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='communications.communicationrevision'),
        ),
        migrations.AddField(
            model_name='communication',
            name='open_flags',
            field=models.PositiveSmallIntegerField(default=0, help_text='Claims of the text without a source, and confirmed by nobody. Empty: not counted yet.', null=True),
        ),
        migrations.AddField(
            model_name='communication',
            name='period',
            field=models.DateField(blank=True, help_text='The month or quarter that a scheduled one is for, by its first day.', null=True),
        ),
        migrations.AddField(
            model_name='communication',
            name='release',
            field=models.ForeignKey(blank=True, help_text='The release that it tells of.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='communications', to='communications.release'),
        ),
        migrations.AddField(
            model_name='release',
            name='affected_environments',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), blank=True, default=list, size=None),
        ),
        migrations.AddField(
            model_name='release',
            name='published_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='published_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approval',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='approval',
            name='communication',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='communications.communication'),
        ),
        migrations.AddField(
            model_name='approval',
            name='revision',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='approval', to='communications.communicationrevision'),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='confirmation',
            name='communication',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='communications.communication'),
        ),
        migrations.AddField(
            model_name='generation',
            name='base',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='communications.communicationrevision'),
        ),
        migrations.AddField(
            model_name='generation',
            name='communication',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='generations', to='communications.communication'),
        ),
        migrations.AddField(
            model_name='communication',
            name='generation',
            field=models.ForeignKey(blank=True, help_text='The writing that the text goes back to.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='communications.generation'),
        ),
        migrations.AddField(
            model_name='communicationrevision',
            name='generation',
            field=models.ForeignKey(blank=True, help_text='The writing that it goes back to.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='revisions', to='communications.generation'),
        ),
        migrations.AddConstraint(
            model_name='communication',
            constraint=models.UniqueConstraint(condition=models.Q(('release', None), ('status__in', ('queued', 'generating'))), fields=('account', 'communication_type'), name='one_generation_under_way_per_account_and_type'),
        ),
        migrations.AddConstraint(
            model_name='communication',
            constraint=models.UniqueConstraint(condition=models.Q(('release__isnull', False)), fields=('release', 'account'), name='one_draft_per_release_and_account'),
        ),
        migrations.AddConstraint(
            model_name='communication',
            constraint=models.UniqueConstraint(condition=models.Q(('period__isnull', False)), fields=('account', 'communication_type', 'period'), name='one_scheduled_draft_per_period'),
        ),
        migrations.AddField(
            model_name='modeluse',
            name='communication',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='model_uses', to='communications.communication'),
        ),
        migrations.AddField(
            model_name='modeluse',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='model_uses', to='accounts.tenant'),
        ),
        migrations.AddField(
            model_name='modeluse',
            name='user',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='placement',
            name='user',
            field=models.ForeignKey(help_text='Whose mailbox.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rhythmrun',
            name='tenant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rhythm_runs', to='accounts.tenant'),
        ),
        migrations.AddField(
            model_name='stylechange',
            name='communication',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='style_changes', to='communications.communication'),
        ),
        migrations.AddField(
            model_name='stylechange',
            name='tenant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant'),
        ),
        migrations.AddField(
            model_name='stylerule',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='stylerule',
            name='tenant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='style_rules', to='accounts.tenant'),
        ),
        migrations.AddConstraint(
            model_name='confirmation',
            constraint=models.UniqueConstraint(fields=('communication', 'key'), name='one_confirmation_per_claim'),
        ),
        migrations.AddIndex(
            model_name='communication',
            index=models.Index(condition=models.Q(('open_flags', None)), fields=['id'], name='communication_uncounted'),
        ),
        migrations.AddIndex(
            model_name='modeluse',
            index=models.Index(fields=['tenant', 'at'], include=('input_tokens', 'output_tokens', 'cost'), name='model_use_by_month'),
        ),
        migrations.AddIndex(
            model_name='modeluse',
            index=models.Index(fields=['user', 'at'], name='model_use_by_person'),
        ),
        migrations.AddIndex(
            model_name='placement',
            index=models.Index(condition=models.Q(('next_try_at__isnull', False), ('status__in', ('pending', 'placed'))), fields=['next_try_at'], name='placement_due'),
        ),
        migrations.AddIndex(
            model_name='placement',
            index=models.Index(condition=models.Q(('status', 'placing')), fields=['claimed_at'], name='placement_under_way'),
        ),
        migrations.AddConstraint(
            model_name='rhythmrun',
            constraint=models.UniqueConstraint(fields=('tenant', 'communication_type', 'period'), name='one_rhythm_run_per_period'),
        ),
        migrations.AddIndex(
            model_name='stylechange',
            index=models.Index(fields=['tenant', 'old', 'new'], name='style_change_by_words'),
        ),
        migrations.AddConstraint(
            model_name='stylechange',
            constraint=models.UniqueConstraint(fields=('communication', 'old', 'new'), name='one_style_change_per_draft'),
        ),
        migrations.AddConstraint(
            model_name='stylerule',
            constraint=models.UniqueConstraint(fields=('tenant', 'old', 'new'), name='one_style_rule_per_change'),
        ),
        migrations.RunSQL(
            """INSERT INTO communications_generation (communication_id, instruction, context, messages, prompt_version, prompt_hash,
                    answer, writer, writer_note, created_at)
                SELECT id, instruction, context, '[]', '', '', answer, writer, writer_note, updated_at
                FROM communications_communication WHERE writer <> '';
            UPDATE communications_communication draft SET generation_id = written.id
                FROM communications_generation written WHERE written.communication_id = draft.id;
            UPDATE communications_communicationrevision revision SET generation_id = written.id
                FROM communications_generation written WHERE written.communication_id = revision.communication_id;
            UPDATE communications_communication SET open_flags = NULL WHERE status = 'ready';
            UPDATE communications_release SET published_at = released_on::timestamp AT TIME ZONE 'UTC' WHERE is_published;
            SET CONSTRAINTS ALL IMMEDIATE;
            ALTER TABLE communications_release ADD CONSTRAINT release_of_tenant UNIQUE (tenant_id, id);
            ALTER TABLE communications_communication ADD CONSTRAINT communication_release_of_same_tenant
                FOREIGN KEY (tenant_id, release_id) REFERENCES communications_release (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;
            SET CONSTRAINTS ALL DEFERRED;""",
            """UPDATE communications_communication draft
                SET context = written.context, answer = written.answer, writer = written.writer, writer_note = written.writer_note
                FROM communications_generation written WHERE written.id = draft.generation_id;
            SET CONSTRAINTS ALL IMMEDIATE;
            ALTER TABLE communications_communication DROP CONSTRAINT communication_release_of_same_tenant;
            ALTER TABLE communications_release DROP CONSTRAINT release_of_tenant;
            SET CONSTRAINTS ALL DEFERRED;""",
        ),
        migrations.RemoveField(
            model_name='communication',
            name='answer',
        ),
        migrations.RemoveField(
            model_name='communication',
            name='context',
        ),
        migrations.RemoveField(
            model_name='communication',
            name='writer',
        ),
        migrations.RemoveField(
            model_name='communication',
            name='writer_note',
        ),
    ]
